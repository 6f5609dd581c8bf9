// The page's side of the certificate agent's loopback interface (docs/protocol/agent.md).
// No PIN passes through here: the agent asks for it in its own window.

const meta = (name) => document.querySelector(`meta[name="yx-${name}"]`);
export const value = (name) => meta(name)?.content ?? '';
export const agentOrigin = value('agent');
export const sessionCert = value('cert');

// Seconds since the page was made. A computer that slept may have stopped the first of the two clocks.
const began = Date.now() - performance.now();
export const sinceLoad = () => Math.max(performance.now(), Date.now() - began) / 1000;
// Server's time now: the page's own time of rendering plus what has passed since.
export const serverNow = () => Number(value('now')) + performance.now() / 1000;

export class Failure extends Error {
  constructor(error) {
    super(error.text ?? '');
    this.code = error.code ?? 'S-006';
    this.text = error.text ?? '系统内部错误';
    this.remedy = error.remedy ?? '请稍后再试';
    this.tries = error.tries;
    this.rid = error.rid;
    this.note = error.note ?? error.detail;
    this.other = error.other; // the window that is open elsewhere (K-025)
  }
}

let table;
// Text and remedy of a code come from the server's one table.
export async function failure(code, note) {
  try {
    table ??= (await (await fetch('/login/messages', { headers: { Accept: 'application/json' } })).json()).messages;
  } catch { /* the code alone is still told */ }
  return new Failure({ ...(table?.[code] ?? {}), code, note });
}

const QUICK_MS = 300;
const isLoopback = () => ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);

// Browsers ask before a public page may reach the loopback network, and a refused call looks like an absent agent. The names
// are tried from the narrowest; a browser throws at those that it does not know. label: what its own prompt and settings say.
const firefox = /\bFirefox\//.test(navigator.userAgent);
const labels = { 'loopback-network': firefox ? '访问此设备' : '设备上的应用', 'local-network-access': '本地网络', 'local-network': firefox ? '访问本地网络设备' : '本地网络' };
export async function permission() {
  if (!isLoopback() && navigator.permissions) {
    for (const [name, label] of Object.entries(labels)) {
      try {
        return { status: await navigator.permissions.query({ name }), label };
      } catch { /* this browser does not know the name */ }
    }
  }
  return { status: { state: 'granted' }, label: '' };
}

// An agent that refuses this site's origin lets the page read nothing; that something answered shows without reading.
// Where the computer's keeper has permitted the site (a policy), a browser may still say that it would ask: what failed sooner
// than a person answers was not his answer, and is looked at again.
async function absent(ms) {
  const { status: { state }, label } = await permission();
  const look = (mode) => fetch(`${agentOrigin}/v1/status`, { mode, credentials: 'omit', cache: 'no-store' }).then(() => true, () => false);
  const mayLook = state === 'granted' || (state === 'prompt' && ms < QUICK_MS);
  if (mayLook && await look('no-cors') && !await look('cors')) return failure('K-018');
  return state === 'granted' ? failure('L-201') : failure('L-206', `本浏览器中，这项权限叫“${label}”`);
}

async function answerOf(response) {
  let body;
  try {
    body = await response.json();
  } catch {
    throw new Failure({ code: 'S-006', text: '收到的应答无法识别', remedy: '请重新操作' });
  }
  if (!response.ok || body.error) throw new Failure(body.error ?? {});
  return body;
}

async function ask(path, init) {
  const began = performance.now();
  let response;
  try {
    response = await fetch(agentOrigin + path, { mode: 'cors', credentials: 'omit', cache: 'no-store', ...init });
  } catch (e) {
    if (e.name === 'AbortError') throw e;
    throw await absent(performance.now() - began);
  }
  return answerOf(response);
}

let pinMode = 'web';
const noted = (status) => {
  pinMode = status.pin;
  return status;
};
export const status = async (signal) => noted(await ask('/v1/status', { signal }));
export const wait = async (generation, signal) => noted(await ask(`/v1/wait?generation=${generation}`, { signal }));
export const call = (path, body) =>
  ask(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

// Must run within the click, before any await, or the browser blocks the window.
export function openWindow() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const id = [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
  const shown = pinMode === 'web'
    ? window.open(`${agentOrigin}/window?id=${id}`, `yx-${id}`, 'popup,width=560,height=720') : null;
  return { id, close: () => shown?.close(), blocked: pinMode === 'web' && !shown };
}

// To our own server, as JSON with the form token.
export async function post(path, body) {
  let response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify({ csrf: value('csrf'), ...body }),
    });
  } catch {
    throw new Failure({ code: 'S-013', text: '无法连接服务器', remedy: '请检查网络后重试，已填写的内容仍在' });
  }
  return answerOf(response);
}

// A new session has a new form token; every form on the page takes it.
export function takeToken(token) {
  if (!token) return;
  if (meta('csrf')) meta('csrf').content = token;
  for (const field of document.querySelectorAll('input[name="csrf"]')) field.value = token;
}

// Challenge, signature in the agent, answer. The window was opened by the caller, in the click.
export async function login(win, key, answerPath = '/login/answer', more = {}) {
  const challenge = await post('/login/challenge', {});
  const signed = await call('/v1/login', { window: win.id, bureau: challenge.bureau, nonce: challenge.nonce, ...(key ? { key } : {}) });
  const { statement, signature, cert } = signed;
  const answer = await post(answerPath, { statement, signature, cert, ...more });
  takeToken(answer.csrf);
  return { ...answer, card: signed.card };
}

const seenKey = (cert) => `yx-seen-${cert}`;
export const markSeen = (cert) => { try { sessionStorage.setItem(seenKey(cert), '1'); } catch { /* private mode */ } };
export const wasSeen = (cert) => { try { return sessionStorage.getItem(seenKey(cert)) === '1'; } catch { return false; } };

// --- showing ---
const line = (tag, text, cls) => {
  const el = document.createElement(tag);
  el.textContent = text;
  if (cls) el.className = cls;
  return el;
};

export function say(where, text, cls = '') {
  if (!text) { where.replaceChildren(); return; }
  const box = line('div', '', `yx-message ${cls}`);
  box.append(line('p', text));
  where.replaceChildren(box);
}

const buttons = {
  'L-201': [['下载证书助手', '/downloads'], ['启动与安装说明', '/faq?q=图标']],
  'L-202': [['重新下载驱动', '/downloads']],
  'L-203': [['怎样办理证书', '/guide']],
  'L-205': [['查找办理窗口', '/windows']],
  'L-206': [['怎样允许', '/faq?q=允许']],
  'L-207': [['启动与安装说明', '/faq?q=图标']],
  'L-106': [['重新设置登录密码', '/login/password/reset']],
};

// K-025: the window that another page opened, and what can be done about it from here.
function otherWindow(other) {
  const box = line('div', '', 'yx-other'), said = line('p', '');
  const minutes = Math.floor(other.seconds / 60);
  box.append(line('p', `那个窗口：“${other.title}”，网站 ${other.origin}，已等待 ${minutes ? `${minutes} 分 ` : ''}${other.seconds % 60} 秒。`));
  const act = (text, what, done) => {
    const button = line('button', text, 'govuk-button govuk-button--secondary');
    button.type = 'button';
    button.dataset.other = what;
    button.addEventListener('click', async () => {
      try {
        await call('/v1/other', { ref: other.ref, do: what });
        said.textContent = done;
      } catch (e) {
        said.textContent = e.code === 'S-010' ? '那个窗口已经关闭，请重新点击按钮。' : `${e.text}，${e.remedy}（${e.code}）`;
      }
    });
    return button;
  };
  const row = line('div', '', 'yx-buttons');
  if (pinMode === 'web') row.append(act('显示那个窗口', 'show', '那个窗口的标题已改为“★请在这里输入证书密码”，请在任务栏或其他浏览器中找到它。'));
  row.append(act('关闭那个窗口', 'cancel', '已关闭，请重新点击按钮。'));
  said.setAttribute('role', 'status');
  box.append(row, said);
  return box;
}

export function sayFailure(where, e) {
  if (!(e instanceof Failure)) e = new Failure({ code: 'S-006', text: '页面脚本出错', remedy: '请刷新页面后重试' });
  const box = line('div', '', 'yx-message yx-bad');
  box.dataset.code = e.code;
  box.append(line('p', e.tries === undefined ? e.text : `${e.text}，还可尝试 ${e.tries} 次`));
  if (e.note) box.append(line('p', e.note));
  box.append(line('p', `怎么办：${e.remedy}。`));
  for (const [text, href] of buttons[e.code] ?? (/^(C-|K-0(?!1[78]|2[56]))/.test(e.code) ? [['查找办理窗口', '/windows']] : [])) {
    const a = line('a', text, 'govuk-link');
    a.href = href;
    const p = line('p', '');
    p.append(a);
    box.append(p);
  }
  if (e.other) box.append(otherWindow(e.other));
  box.append(line('p', `代码 ${e.code}${e.rid ? `，请求号 ${e.rid}` : ''}`, 'yx-code'));
  where.replaceChildren(box);
}

export const day = (t) => new Date((t + 8 * 3600) * 1000).toISOString().slice(0, 10);
export const moment = (t) => new Date((t + 8 * 3600) * 1000).toISOString().slice(0, 19).replace('T', ' ');
