// The maker's step: two cards, the key born in the blank one, and later the certificates written into it.
import { Failure, call, openWindow, post, say, sayFailure, sessionCert, status } from './agent.js';
import { watch } from './watch.js';

const $ = (id) => document.getElementById(id);
const panel = $('make');
const { case: no, approval, unit, holder, card, phase } = panel.dataset;
let last = null;

const own = (s) => s.keys.find((k) => k.cert_serial === sessionCert);
// Blank cards, or one whose key waits for its certificate; in the writing phase only the card of this case.
const usable = (s) => s.keys.filter((k) => phase === 'install' ? k.serial === card : k.state === 'blank' || k.state === 'awaiting');
const stateText = { blank: '空白', awaiting: '已产生密钥，待写证书', ready: '已有证书', unusable: '不可用' };

function show(s) {
  last = s;
  const mine = own(s), cards = usable(s);
  $('slot-own').textContent = mine ? `已插入 ${mine.serial}，${mine.holder}` : '未插入登录时使用的介质';
  $('slot-blank').textContent = cards.length === 0
    ? (phase === 'install' ? `请插入介质 ${card}` : '未插入空白介质')
    : cards.map((k) => `${k.serial}（${stateText[k.state] ?? '状态不明'}）`).join('、');
  const pick = $('card'), before = pick.value;
  $('card-choice').hidden = cards.length < 2;
  pick.replaceChildren(...cards.map((k) => new Option(k.serial, k.serial, false, k.serial === before)));
}

// Pressed before the agent's first answer has come: asked now, which also tells why there is none.
async function picked() {
  if (!last) show(await status());
  if (!own(last)) throw new Failure({ code: 'L-110', text: '没有检测到制证员登录时使用的介质', remedy: '请插回原介质' });
  const cards = usable(last);
  const key = cards.find((k) => k.serial === $('card').value) ?? cards[0];
  if (!key) {
    throw phase === 'install'
      ? new Failure({ code: 'K-010', text: '没有检测到本业务的介质', remedy: `请插入序列号为 ${card} 的介质` })
      : new Failure({ code: 'K-009', text: '没有检测到空白介质', remedy: '请插入一个已入库的空白介质' });
  }
  return key;
}

async function born(win) {
  const key = await picked();
  if (key.state === 'awaiting') await call('/v1/card/discard', { window: win.id, case: no, key: key.serial });
  say($('make-live'), '请持有人在证书助手的窗口中设置证书密码。');
  const made = await call('/v1/card/new', { window: win.id, case: no, approval, unit, holder, key: key.serial });
  return post(`/desk/cases/${no}/born`, { card: made.card, key: made.key, csr: made.csr, attestation: made.attestation });
}

async function install(win) {
  const key = await picked();
  const parcel = await post(`/desk/cases/${no}/parcel`, {});
  say($('make-live'), '正在写入证书，请勿拔出介质。');
  const done = await call('/v1/card/install', {
    window: win.id, case: no, key: key.serial, sign_cert: parcel.sign_cert, enc_cert: parcel.enc_cert, enveloped: parcel.enveloped,
  });
  return post(`/desk/cases/${no}/installed`, { cert_serial: done.cert_serial });
}

function wire(id, work) {
  const button = $(id);
  button?.addEventListener('click', async () => {
    if (button.disabled) return;
    const win = openWindow();
    button.disabled = true;
    $('make-failure').replaceChildren();
    try {
      location.assign((await work(win)).next);
    } catch (e) {
      win.close();
      say($('make-live'), '');
      sayFailure($('make-failure'), e);
      button.disabled = false;
    }
  });
}

wire('make-born', born);
wire('make-install', install);
watch(show, (e) => {
  last = null;
  $('slot-own').textContent = $('slot-blank').textContent = '未检测到证书助手';
  sayFailure($('make-failure'), e);
});
