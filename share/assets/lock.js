// The session belongs to a key: taken out, the page locks; put back with its PIN, the page goes on, form and all. So it does
// when the time was up. All pages of the browser share the session, and learn from each other what became of it.
import { Failure, login, markSeen, openWindow, post, say, sayFailure, sessionCert, takeToken, wasSeen } from './agent.js';
import { announce, hear, lasts, left, look, watchSession } from './session.js';
import { comeBack, forget, keepForms, nextTime } from './keep.js';
import { watch } from './watch.js';

const $ = (id) => document.getElementById(id);
const overlay = $('lock');
let present = null; // the session's key, while it is in
let told = false; // the server, of the lock; on /login, where no overlay opens, every change of the slots comes by again

async function lock(why, tell = true) {
  if (told) return;
  told = true;
  $('lock-why').textContent = why;
  $('lock-live').replaceChildren();
  const answer = tell ? post('/session/lock', {}) : null;
  if (!location.pathname.startsWith('/login')) overlay.showModal(); // there the page itself asks for the key
  try {
    await answer;
  } catch { /* the session ended meanwhile; the same way leads back */ }
}

function unlock() {
  overlay.close();
  told = false;
}

// Another person's now, or nobody's: nothing of this one stays on the screen.
const leave = () => location.replace('/');

function ended(s) {
  if (s.state !== 'none' && s.cert !== sessionCert) leave();
  else lock(left() > 0 ? '登录已结束。（L-107）' : '长时间未操作，登录已结束。（L-108）', false);
}

function see(s) {
  present = s.keys.find((k) => k.cert_serial === sessionCert) ?? null;
  if (present) markSeen(sessionCert);
  else if (wasSeen(sessionCert)) lock('证书介质已拔出。（L-109）');
  if (overlay.open) say($('lock-live'), present ? '已检测到原介质，请按“继续”。' : '请插回登录时使用的介质。', present ? 'yx-good' : '');
}

async function resume(win) {
  if (!present) throw new Failure({ code: 'L-110', text: '没有检测到登录时使用的介质', remedy: '请插回原介质后再按“继续”' });
  const answer = await login(win, present.serial, '/login/answer', { resume: sessionCert });
  if (answer.next === '/login/password') {
    nextTime(location.pathname + location.search);
    location.assign(answer.next);
    return;
  }
  await refresh();
  announce('resumed', { cert: sessionCert });
}

// What the server says of the session: the pages that did not do it themselves go on with the one that did.
async function refresh() {
  const s = await look();
  if (s.state === 'none') { ended(s); return; }
  if (s.cert !== sessionCert) { leave(); return; }
  takeToken(s.csrf);
  lasts(s.left);
  if (s.state === 'open') unlock();
}

function heard(m) {
  if (m.kind === 'logout' && m.cert === sessionCert) { forget(); leave(); return; }
  if (['login', 'resumed', 'kept'].includes(m.kind)) refresh().catch(() => { /* the next look tells */ });
}

if (overlay && sessionCert) {
  overlay.addEventListener('cancel', (event) => event.preventDefault());
  $('lock-resume').addEventListener('click', async () => {
    const win = openWindow();
    try {
      await resume(win);
    } catch (e) {
      win.close();
      sayFailure($('lock-live'), e);
    }
  });
  for (const form of document.querySelectorAll('form[action="/logout"]'))
    form.addEventListener('submit', () => { forget(); announce('logout', { cert: sessionCert }); });
  hear(heard);
  watchSession(ended);
  watch(see, () => { present = null; });
  if (!comeBack()) keepForms();
}
