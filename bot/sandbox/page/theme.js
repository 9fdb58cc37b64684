// Loaded before the first paint (a classic script on purpose), so that a chosen theme never flashes.
(() => {
  try {
    const chosen = JSON.parse(localStorage.getItem('tocsin.sandbox.theme'));
    if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen;
  } catch { /* a private window without storage follows the system */ }
})();
