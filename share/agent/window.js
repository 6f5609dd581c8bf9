// The agent's own window: shows what a page asked for, takes the PIN, hands it to the agent, forgets it.
// Everything is set as text, never as markup: the content comes from a page.

const POLL_MS = 400;
const CLOSE_MS = 1500;
const id = new URLSearchParams(location.search).get("id") || "";
const at = (name) => document.getElementById(name);

let job = null;      // last answer of the agent
let shown = "";      // token and error of the question on the screen
let closing = 0;     // timer: a page may go on with a second request in the same window
let called = 0;      // how often another page had this window come to the front

function make(tag, text, className) {
	const e = document.createElement(tag);
	if (text !== undefined)
		e.textContent = text;
	if (className)
		e.className = className;
	return e;
}

async function call(path, body) {
	const answer = await fetch(path, body === undefined ? { cache: "no-store" } : {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify(body),
	});
	return answer.json();
}

function showError(error) {
	const box = at("error");
	box.replaceChildren();
	box.hidden = !error;
	if (!error)
		return;
	const head = make("strong", error.text);
	const line = make("p");
	line.append(head, `（代码 ${error.code}）`);
	box.append(line, make("p", error.remedy));
	if (typeof error.tries === "number" && error.tries > 0)
		box.append(make("p", `还可输入 ${error.tries} 次，用完后介质将被锁定。`));
}

function keyName(k) {
	return [k.unit, k.holder].filter(Boolean).join(" ") || "空白介质";
}

function keyLine(k) {
	const until = k.last_day ? `，有效期至 ${k.last_day}` : "";
	return `介质尾号 ${k.tail}${until}`;
}

function oneKey(k) {
	const box = make("div", undefined, "key-one");
	box.append(make("span", keyName(k)), make("small", keyLine(k)));
	return box;
}

function keyChoice(keys) {
	const set = make("fieldset");
	set.append(make("legend", "请选择要使用的证书"));
	for (const k of keys) {
		const label = make("label", undefined, "key");
		const input = make("input");
		Object.assign(input, { type: "radio", name: "key", value: k.serial, required: true });
		const text = make("span", keyName(k));
		text.append(make("small", keyLine(k)));
		label.append(input, text);
		set.append(label);
	}
	return set;
}

function rowOf(label, value) {
	const row = make("div");
	row.append(make("dt", label), make("dd", value, /^[0-9a-f]{40,}$/.test(value) ? "hex" : undefined));
	return row;
}

// "name=value;name=value", as a row of a filing is signed: each part on a line of its own, to be read. In a value "\;" is
// a semicolon, "\\" a backslash and "\n" the end of a line.
function partsOf(value) {
	const parts = value.match(/(?:[^;\\]|\\.)+/gu) || [];
	if (!parts.every((p) => /^[^;=\\]+=/u.test(p)) || (parts.length === 1 && !value.includes("\\")))
		return "";
	return parts.map((p) => p.replace("=", "：").replace(/\\(.)/gu, (all, c) => (c === "n" ? "\n　　" : c))).join("\n");
}

// What a person has to read, in words; below it, closed, the octets of every line that was put into words or that only
// machines compare. Together they are the whole statement.
function showRows(rows) {
	const exact = rows.filter((r) => r.machine || r.shown || partsOf(r.value));
	at("rows").replaceChildren(...rows.filter((r) => !r.machine).map((r) => rowOf(r.label, r.shown || partsOf(r.value) || r.value)));
	at("exact").hidden = exact.length === 0;
	at("exact-rows").replaceChildren(...exact.map((r) => rowOf(r.label, r.value)));
}

let pages = [0];     // where each page of the rows begins, up to the one that is shown

// A long text comes in pages; together they are the whole statement.
function showPage(j) {
	const more = j.from + j.rows.length < j.rows_total;
	showRows(j.rows);
	at("pager").hidden = pages.length === 1 && !more;
	at("where").textContent = `第 ${j.from + 1} 至 ${j.from + j.rows.length} 项，共 ${j.rows_total} 项`;
	at("back").disabled = pages.length === 1;
	at("next").disabled = !more;
	at("next").value = j.from + j.rows.length;
	at("scroll").scrollTop = 0;
}

async function turnTo(from) {
	const j = await call(`/window/rows?id=${encodeURIComponent(id)}&from=${from}`);
	if (!j.error)
		showPage(j);
}

function nextPage() {
	pages.push(Number(at("next").value));
	return turnTo(pages.at(-1));
}

function lastPage() {
	pages.pop();
	return turnTo(pages.at(-1));
}

// Another page cannot go on before this window is answered, and its person looks for it.
function comeForward(times) {
	if (times === called)
		return;
	called = times;
	at("called").hidden = times === 0;
	if (times === 0)
		return;
	at("called").textContent = "另一个页面正在等待本窗口：请在这里输入证书密码，或者按“取消”。";
	document.title = "★请在这里输入证书密码 - 证书助手";
	window.focus();
}

function showPin(need, tries) {
	at("pin-field").hidden = need === "none";
	at("pin2-field").hidden = need !== "newpin";
	at("pin-label").textContent = need === "newpin" ? "由持有人设置证书密码" : "证书密码";
	at("pin-tries").textContent = need === "newpin" ? "6 至 16 位字母、数字或符号，不要用简单数字。"
		: need === "pin" && typeof tries === "number" ? `剩余 ${tries} 次` : "";
	at("pin").required = need !== "none";
	at("pin2").required = need === "newpin";
}

function clearPins() {
	at("pin").value = "";
	at("pin2").value = "";
}

function setBusy(busy) {
	at("ok").disabled = busy;
	at("pin").disabled = busy;
	at("pin2").disabled = busy;
	at("note").textContent = busy ? "正在与证书介质通信，请勿拔出…" : "";
}

function head(j) {
	document.title = `${j.title} - 证书助手`;
	at("title").textContent = j.title;
	at("origin").textContent = j.origin;
	at("origin-line").hidden = false;
}

function showQuestion(j) {
	const mark = JSON.stringify([j.token, j.error || null, j.keys]);
	setBusy(false);
	if (shown === mark && !at("form").hidden)
		return;
	shown = mark;
	head(j);
	showError(j.error);
	at("keys").replaceChildren(j.keys.length === 1 ? oneKey(j.keys[0]) : keyChoice(j.keys));
	pages = [0];
	showPage(j);
	showPin(j.need, j.tries);
	clearPins();
	at("form").hidden = false;
	(j.need === "none" ? at("ok") : at("pin")).focus();
}

function closeSoon() {
	closing ||= setTimeout(() => window.close(), CLOSE_MS);
}

function finish(j) {
	if (shown === j.state)
		return;
	shown = j.state;
	job = null;
	clearPins();
	at("form").hidden = true;
	at("close").hidden = false;
	at("title").textContent = j.state === "done" ? "已完成" : "未完成";
	at("note").textContent = j.state === "done" ? "可以回到原来的网页，本窗口将自动关闭。" : "";
	showError(j.error);
	at("called").hidden = true;
	if (j.state === "done" || j.error.code === "K-017" || j.error.code === "K-026")
		closeSoon();
}

function show(j) {
	if (j.state === "done" || j.state === "failed")
		return finish(j);
	if (j.state === "waiting")
		return;
	clearTimeout(closing);
	closing = 0;
	at("close").hidden = true;
	job = j;
	if (j.state === "ask") {
		showQuestion(j);
		return comeForward(j.called);
	}
	shown = "";
	head(j);
	showError(null);
	setBusy(true);
}

async function poll() {
	try {
		show(await call(`/window/job?id=${encodeURIComponent(id)}`));
	} catch {
		at("note").textContent = "证书助手没有响应，正在重试…";
	}
	setTimeout(poll, POLL_MS);
}

async function answer(event) {
	event.preventDefault();
	const chosen = document.querySelector("input[name=key]:checked");
	const body = { id, token: job.token, key: chosen ? chosen.value : job.keys[0].serial };
	if (job.need !== "none")
		body.pin = at("pin").value;
	if (job.need === "newpin")
		body.pin2 = at("pin2").value;
	setBusy(true);
	clearPins();
	try {
		const got = await call("/window/answer", body);
		if (got.error) {
			setBusy(false);
			showError(got.error);
			at("pin").focus();
		} else {
			shown = "";
		}
	} catch {
		setBusy(false);
	}
}

function cancel() {
	if (job)
		call("/window/cancel", { id, token: job.token }).catch(() => {});
	else
		window.close();
}

at("form").addEventListener("submit", answer);
at("cancel").addEventListener("click", cancel);
at("next").addEventListener("click", () => nextPage().catch(() => {}));
at("back").addEventListener("click", () => lastPage().catch(() => {}));
at("close").addEventListener("click", () => window.close());
document.addEventListener("keydown", (e) => {
	if (e.key === "Escape")
		cancel();
});
// Closing the window is an answer too.
window.addEventListener("pagehide", () => {
	if (!job)
		return;
	navigator.sendBeacon("/window/cancel", new Blob([JSON.stringify({ id, token: job.token })],
		{ type: "application/json" }));
});
poll();
