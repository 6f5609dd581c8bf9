// The session belongs to a key: taken out, the page locks; put back with its PIN, the page goes on, form and all.
import { Failure, idleSeconds, login, markSeen, openWindow, post, say, sayFailure, sessionCert, wasSeen, watch } from './agent.js';

const $ = (id) => document.getElementById(id);
const overlay = $('lock');
let present = null; // the session's key, while it is in
let told = false; // the server, of the lock; on /login, where no overlay opens, every change of the slots comes by again

async function lock(why) {
  if (told) return;
  told = true;
  $('lock-why').textContent = why;
  $('lock-live').replaceChildren();
  const answer = post('/session/lock', {});
  if (!location.pathname.startsWith('/login')) overlay.showModal(); // there the page itself asks for the key
  try {
    await answer;
  } catch { /* the session ended meanwhile; the same way leads back */ }
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
  if (answer.next === '/login/password') { location.assign(answer.next); return; }
  overlay.close();
  told = false;
  restartIdle();
}

let timer;
function restartIdle() {
  clearTimeout(timer);
  if (idleSeconds > 0) timer = setTimeout(() => lock('长时间未操作。（L-108）'), idleSeconds * 1000);
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
  restartIdle();
  watch(see, () => { present = null; });
}
