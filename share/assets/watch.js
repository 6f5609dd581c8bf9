// One wait at the agent for all pages of this browser: a browser has about six connections to one host, and a wait in each of
// ten tabs would leave none for the work. The page that holds the lock waits and tells the others; when it goes, the next in
// line goes on from the same generation. Where a browser has no such locks, only the page that is seen waits.
import { Failure, permission, status, wait } from './agent.js';

const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('yx-agent') : null;
const listeners = [];
let generation;
let last = null; // { status } or { failure }
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

function pass(word, [see, miss]) {
  if (word.status) see(word.status);
  else miss(new Failure(word.failure));
}

function take(word) {
  last = word;
  generation = word.status?.generation;
  for (const l of listeners) pass(word, l);
}

// A message cannot carry an Error with its members.
const failed = (e) => ({ failure: { code: e.code, text: e.text, remedy: e.remedy, note: e.note } });

async function round(signal) {
  let word;
  try {
    word = { status: await (generation === undefined ? status(signal) : wait(generation, signal)) };
  } catch (e) {
    if (e.name === 'AbortError') return;
    word = failed(e);
  }
  take(word);
  channel?.postMessage(word);
  if (word.failure) await pause(2000);
}

const seen = () => document.visibilityState === 'visible' ? Promise.resolve() : new Promise((done) => {
  document.addEventListener('visibilitychange', function look() {
    if (document.visibilityState !== 'visible') return;
    document.removeEventListener('visibilitychange', look);
    done();
  });
});

// A browser asks its question in a page that is seen; another would wait for the answer for ever.
async function permitted() {
  const { status: p } = await permission();
  if (p.state === 'granted' || !p.addEventListener) return;
  const granted = new Promise((done) => { p.addEventListener('change', () => { if (p.state === 'granted') done(); }); });
  await Promise.race([seen(), granted]);
}

async function lead() {
  await permitted();
  await navigator.locks.request('yx-agent', async () => { for (;;) await round(); });
}

async function whileSeen() {
  for (;;) {
    await seen();
    const stop = new AbortController();
    const hide = () => { if (document.visibilityState !== 'visible') stop.abort(); };
    document.addEventListener('visibilitychange', hide);
    await round(stop.signal);
    document.removeEventListener('visibilitychange', hide);
  }
}

async function begin() {
  channel?.addEventListener('message', (event) => take(event.data));
  // Every page looks once by itself: it need not wait for the next change to know what is there.
  try {
    take({ status: await status() });
  } catch (e) {
    take(failed(e));
  }
  if (navigator.locks) lead();
  else whileSeen();
}

// Calls see(status) now and at every coming and going of a key, and miss(failure) when the agent cannot be reached.
export function watch(see, miss) {
  listeners.push([see, miss]);
  if (listeners.length === 1) begin();
  else if (last) pass(last, listeners.at(-1));
}
