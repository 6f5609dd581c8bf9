// Forms with data-sign: fetch the statement, have the agent show and sign it, post the act, go on to the next page.
import { Failure, call, openWindow, post, say, sayFailure, sessionCert, status } from './agent.js';

async function ownKey() {
  const key = (await status()).keys.find((k) => k.cert_serial === sessionCert);
  if (!key) throw new Failure({ code: 'L-110', text: '没有检测到登录时使用的介质', remedy: '请插回原介质后重试' });
  return key.serial;
}

// What the form holds besides: an opinion, chosen numbers. A name that comes more than once is joined by commas.
function fields(form) {
  const all = {};
  for (const [name, value] of new FormData(form)) all[name] = name in all ? `${all[name]},${value}` : value;
  return all;
}

// An agent of before the wide form refuses it as no statement, or as too long; one of today says K-027 itself.
async function signed(request) {
  try {
    return await call('/v1/sign', request);
  } catch (e) {
    const wide = /^YINXIN-1 [A-Z-]+-WIDE\n/.test(request.statement);
    if (!wide || !['K-019', 'S-003'].includes(e.code)) throw e;
    throw new Failure({ code: 'K-027', text: '本机的证书助手版本较旧，不认识这种签名内容',
      remedy: '请更新客户端：在下载专区下载并安装最新版本后重试' });
  }
}

async function act(form, win, live) {
  if (win.blocked) throw new Failure({ code: 'L-206', text: '浏览器拦截了证书助手的窗口', remedy: '请允许本网站弹出窗口后重试' });
  const key = await ownKey();
  const { step, text, act: path } = form.dataset;
  const { statement } = await post(text, { ...fields(form), step });
  say(live, '请在证书助手的窗口中核对内容并输入证书密码。');
  const { signature, cert } = await signed({ window: win.id, statement, key });
  say(live, '正在提交。');
  return post(path, { step, statement, signature, cert });
}

for (const form of document.querySelectorAll('form[data-sign]')) {
  const live = form.querySelector('.yx-live');
  const bad = form.querySelector('.yx-failure');
  const button = form.querySelector('button[type="submit"]');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    const win = openWindow();
    button.disabled = true;
    bad.replaceChildren();
    try {
      location.assign((await act(form, win, live)).next);
    } catch (e) {
      win.close();
      say(live, '');
      sayFailure(bad, e);
      button.disabled = false;
    }
  });
}
