// How long the session still lasts: warned of two minutes before, prolonged by a click, known to all pages of this browser. The
// server says how long; nothing here counts as use of the session but the click.
import { post, say, sayFailure, sessionCert, sinceLoad, value } from './agent.js';

const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('yx-session') : null;
export const announce = (kind, more = {}) => channel?.postMessage({ kind, ...more });
export const hear = (f) => channel?.addEventListener('message', (event) => f(event.data));

const WARN = 120, STEPS = [120, 60, 30, 10];
const $ = (id) => document.getElementById(id);
const limit = Number(value('idle')) || 0;
const warnAt = Math.min(WARN, limit / 2);
let ends = Number(value('left')) || 0; // in seconds of sinceLoad()
let timer;
let spoken = Infinity;                 // the step that was last read out
let verified = false;                  // the server's word of this warning has been heard
let over = () => {};

export const left = () => ends - sinceLoad();
export const isOver = () => limit > 0 && left() <= 0;

// Asked of the server, which does not take this for use: { state: 'open' | 'locked' | 'none', cert, left, csrf }.
export async function look() {
  const answer = await fetch('/session', { headers: { Accept: 'application/json' }, cache: 'no-store' });
  if (!answer.ok) throw new Error(`/session: ${answer.status}`);
  return (await answer.json()).session;
}

// From the server's word on; other pages are told by the one that had it prolonged.
export function lasts(seconds) {
  ends = sinceLoad() + seconds;
  spoken = Infinity;
  verified = false;
  if (seconds > warnAt) hide();
  schedule();
}

function hide() {
  $('expire').hidden = true;
  $('expire-said').textContent = '';
  $('expire-live').replaceChildren();
}

const inWords = (s) => s >= 60 ? `${Math.floor(s / 60)} 分${s % 60 ? ` ${s % 60} 秒` : '钟'}` : `${s} 秒`;

// The count is for the eyes; a screen reader hears it at the steps only.
function warn() {
  const now = Math.max(0, Math.ceil(left()));
  const step = STEPS.find((s, i) => now <= s && !(now <= STEPS[i + 1]));
  $('expire').hidden = false;
  $('expire-left').textContent = inWords(now);
  if (step === undefined || step >= spoken) return;
  spoken = step;
  $('expire-said').textContent = `登录将在 ${inWords(now)}后结束，需要继续请按“继续使用”。`;
}

async function tick() {
  if (left() > warnAt) { verified = false; hide(); schedule(); return; }
  if (!verified || left() <= 0) {
    try {
      const s = await look();
      verified = true;
      if (s.state === 'none' || s.cert !== sessionCert) { hide(); over(s); return; }
      ends = sinceLoad() + s.left;
    } catch {
      if (left() <= 0) { hide(); over({ state: 'none' }); return; } // no network: what is shown must not stay open
    }
  }
  if (left() > warnAt) { verified = false; hide(); } else warn();
  schedule();
}

function schedule() {
  clearTimeout(timer);
  if (limit === 0) return;
  const wait = left() > warnAt ? Math.min(left() - warnAt, 60) : 1;
  timer = setTimeout(tick, Math.max(wait, 0.2) * 1000);
}

async function prolong() {
  try {
    const { session } = await post('/session/keep', {});
    lasts(session.left);
    if (session.left <= warnAt) { // the day's end of a session, which no click moves
      say($('expire-live'), '登录已达到最长时限，到时请用证书重新登录，填写的内容不会丢失。');
      return;
    }
    hide();
    announce('kept', { cert: sessionCert });
  } catch (e) {
    if (/^L-10[789]$/.test(e.code)) tick();
    else sayFailure($('expire-live'), e);
  }
}

// whenOver(session): the session is gone, or is not this page's any more.
export function watchSession(whenOver) {
  over = whenOver;
  $('expire-keep').addEventListener('click', prolong);
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') tick(); });
  // A form is not sent into a session that is over: it stays as it is, and goes after the login.
  document.addEventListener('submit', (event) => {
    if (!isOver() || event.target.getAttribute('action') === '/logout') return;
    event.preventDefault();
    event.stopImmediatePropagation();
    tick();
  }, true);
  schedule();
}
