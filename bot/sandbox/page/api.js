// The two ways to the server: acts of people (POST) and the stream of states (SSE).

/** What Slack's short codes mean to the person who sees them. */
const words = {
  operation_timeout: 'The bot did not answer within three seconds (operation_timeout). It may have acted all the same: look before you repeat it.',
  dispatch_failed: 'The bot could not be reached (dispatch_failed). Is it running and connected?',
  http_service_error: 'The bot answered with an HTTP error (http_service_error). Its log says more.',
};

/**
 * Sends one act and returns the server's JSON. Throws an Error whose message can
 * be shown to the person: the server's own words, or that it cannot be reached.
 * @param {string} act the last part of /sandbox/<act>
 * @param {object} body
 */
export async function act(act, body) {
  const answer = await send(act, body);
  if (answer.ok === false && !answer.errors) throw new Error(words[answer.error] || answer.error || `${act} failed, and the sandbox did not say why.`);
  return answer;
}

/** Fires a PagerDuty webhook. A refusal by the receiver is an answer here, not an error. */
export const firePagerDuty = (body) => send('pagerduty', body);

async function send(act, body) {
  let response;
  try {
    response = await fetch(`/sandbox/${act}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error('The sandbox cannot be reached. Is the process still running?');
  }
  try {
    return await response.json();
  } catch {
    throw new Error(`The sandbox answered ${response.status} without JSON.`);
  }
}

/**
 * Follows the workspace: calls onState with every whole state, onLost when the
 * stream breaks, and tries again every two seconds until it is back.
 */
export function follow(onState, onLost) {
  let source;
  const open = () => {
    source = new EventSource('/sandbox/events');
    source.onmessage = (event) => onState(JSON.parse(event.data));
    source.onerror = () => {
      onLost();
      source.close();
      setTimeout(open, 2000);
    };
  };
  open();
}
