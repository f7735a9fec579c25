// Signs in by the same request as the form would without a script, and keeps the token for this tab.

const KEPT = 'market_token';
const element = (id) => document.getElementById(id);
const form = element('form');

/** What a request answered, or the words in which it was refused. */
async function ask(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json();
  if (answer.ok) return body;
  throw Object.assign(new Error(body.detail ?? body.title ?? 'no reason is given'), { status: answer.status });
}

async function tell(where, work) {
  try {
    element(where).textContent = (await work()) ?? '';
  } catch (error) {
    element(where).textContent = `That was refused: ${error.message}`;
  }
}

/** Shows who the market takes this token's bearer for; as asked for, where its rights do not reach to be told. */
async function show({ token, role, sub }) {
  const asked = ask(document.body.dataset.me, { headers: { authorization: `Bearer ${token}` } });
  const me = await asked.catch((error) => {
    if (error.status === 403) return { role, id: sub };
    throw error;
  });
  element('who').textContent = `${me.role} ${me.id}`;
  element('token').textContent = `export MARKET_TOKEN=${token}`;
  form.hidden = true;
  element('signed-in').hidden = false;
}

function signOut() {
  sessionStorage.removeItem(KEPT);
  form.hidden = false;
  element('signed-in').hidden = true;
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  tell('said', async () => {
    const wanted = new URLSearchParams(new FormData(form));
    // Not a field of the form, which would send it empty too: and that is refused, since it could mean all or nothing.
    const scope = element('scope').value.trim();
    if (scope) wanted.set('scope', scope);
    const { access_token: token, role, sub } = await ask(`/_local/token?${wanted}`);
    await show({ token, role, sub });
    sessionStorage.setItem(KEPT, JSON.stringify({ token, role, sub }));
    element('copy').focus();
    return 'Signed in.';
  });
});

for (const role of form.querySelectorAll('[name=role]')) {
  role.addEventListener('change', () => { element('sub').value = role.dataset.sub; });
}

element('copy').addEventListener('click', () => tell('said', async () => {
  await navigator.clipboard.writeText(element('token').textContent);
  return 'Copied.';
}));

element('sign-out').addEventListener('click', () => tell('said', async () => {
  signOut();
  element('sub').focus();
  return 'Signed out.';
}));

function showClock(now) {
  const here = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'Asia/Shanghai' });
  element('now').textContent = `${now}, in Beijing ${here.format(new Date(now))}. Setting it ahead does all that is due in between, in order.`;
  element('ahead').hidden = false;
}

for (const button of document.querySelectorAll('[data-advance]')) {
  button.addEventListener('click', () => tell('moved', async () => {
    const moved = await ask('/_local/clock', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ advance: button.dataset.advance }),
    });
    showClock(moved.now);
    return `Set ahead; ${moved.wake_ups} jobs ran on the way.`;
  }));
}

tell('moved', async () => showClock((await ask('/_local/clock')).now));
const kept = sessionStorage.getItem(KEPT);
// One of another hour, or of a folder before.
if (kept) show(JSON.parse(kept)).catch(signOut);
