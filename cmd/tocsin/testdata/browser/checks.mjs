// Named checks, counted.

/**
 * @typedef {object} Checks
 * @property {(name: string, run: () => Promise<void>) => Promise<void>} check runs one and prints a line about it
 * @property {() => boolean} close prints the count; true if all passed, and there were some
 *
 * @param {(name: string) => Promise<void>} failed is called with each that failed
 * @returns {Checks}
 */
export function createChecks(failed) {
  let good = 0;
  let bad = 0;
  return {
    async check(name, run) {
      try {
        await run();
        good += 1;
        console.log(`ok    ${name}`);
      } catch (error) {
        bad += 1;
        console.log(`FAIL  ${name}\n      ${String(error.stack ?? error).replaceAll('\n', '\n      ')}`);
        await failed(name);
      }
    },
    close() {
      console.log(`${good} passed, ${bad} failed`);
      return bad === 0 && good > 0;
    },
  };
}
