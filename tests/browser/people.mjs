// People with their keys, over plain HTTP: session, signature, requests, filings; and a page as one of them sees it. The signatures
// are real, by keys in their holders' hands (tests/fault/sign_tool).
import { spawn } from "node:child_process";
import path from "node:path";
import readline from "node:readline";
import { cn } from "./lib.mjs";

// The month that a filing counts for now: after the 25th the next one.
export const monthAt = (n) => {
  const [y, m, d] = cn().slice(0, 10).split("-").map(Number);
  const at = y * 12 + m - 1 + (d > 25 ? 1 : 0) + n;
  return `${Math.floor(at / 12)}${String((at % 12) + 1).padStart(2, "0")}`;
};

// --- a person with his key: session, signature, requests ---

export class Person {
  constructor(bureau, name) {
    this.bureau = bureau;
    this.name = name;
    bureau.only(name);
    this.cookie = bureau.yxkeyLogin(name);
    bureau.only();
  }

  async ask(method, where, { form, json } = {}) {
    const headers = { Cookie: this.cookie.join("="), Accept: "application/json", Origin: this.bureau.origin };
    let body;
    if (method === "POST") {
      this.csrf ??= (await fetch(`${this.bureau.origin}/`, { headers })).headers.get("x-csrf-token");
      headers["Content-Type"] = json ? "application/json" : "application/x-www-form-urlencoded";
      body = json ? JSON.stringify({ csrf: this.csrf, ...json }) : new URLSearchParams({ csrf: this.csrf, ...form }).toString();
    }
    const r = await fetch(`${this.bureau.origin}${where}`, { method, headers, body, redirect: "manual" });
    const text = await r.text();
    let said = {};
    try { said = JSON.parse(text); } catch { said = { text }; }
    return { status: r.status, said, code: said.error?.code ?? "", remedy: said.error?.remedy ?? "", to: r.headers.get("location") };
  }

  // One process signs all that this person signs; the answers come in the order of the questions.
  sign(text) {
    if (!this.hand) {
      this.hand = spawn(path.join(this.bureau.build, "tests/fault/sign_tool"), [this.bureau.data, this.name], { stdio: ["pipe", "pipe", "inherit"] });
      this.waiting = [];
      readline.createInterface({ input: this.hand.stdout }).on("line", (line) => this.waiting.shift()(JSON.parse(line)));
    }
    const octets = Buffer.from(text);
    return new Promise((done) => {
      this.waiting.push(done);
      this.hand.stdin.write(`${octets.length}\n`);
      this.hand.stdin.write(octets);
    });
  }

  done() { this.hand?.stdin.end(); }

  // A page as this person sees it, script off so that the agent's absence does not lock it.
  async page(browser) {
    const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 1280, height: 900 }, javaScriptEnabled: false });
    await context.addCookies([{ name: this.cookie[0], value: this.cookie[1], url: this.bureau.origin }]);
    return context.newPage();
  }

  // What is to be signed at `where`, signed: the body of the act.
  async prepare(where, step, more = {}) {
    const shown = await this.ask("POST", `${where}/text`, { json: { step, ...more } });
    if (shown.status !== 200) return shown;
    return { act: { step, statement: shown.said.statement, ...(await this.sign(shown.said.statement)) } };
  }

  async act(where, step, more) {
    const p = await this.prepare(where, step, more);
    return p.act ? this.ask("POST", `${where}/act`, { json: p.act }) : p;
  }

  approve(no) { return this.act("/review/filings", "approve", { no }); }
}

// --- filings ---

// Valid and nobody's: check digit of GB 11643.
export const idNumber = (body) => body + "10X98765432"[[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2].reduce((sum, w, i) => sum + w * Number(body[i]), 0) % 11];
const PERSONS = [["43010219900307991", "测试职工甲", "1"], ["43010219910307991", "测试职工乙", "1"], ["43010219920307992", "测试职工丙", "2"]];

export function row(who, month, more = {}) {
  const [body, name, gender] = PERSONS[who];
  const id_no = idNumber(body);
  const day = `${monthAt(-1).slice(0, 4)}-${monthAt(-1).slice(4)}-01`;
  return { period: monthAt(0), id_type: "01", id_no, name, gender, enrol_type: "A", ins_110: "1", ins_210: "1", ins_410: "1", mobile: "13000000004",
    start_month: month, hire_date: day, contract_type: "2", contract_from: day, employ_form: "01", post_class: "1", wage: "8765.43", ...more };
}

export async function version(operator, no) { return (await operator.ask("GET", `/filings/${no}/form`)).said.version; }

export async function draft(operator, fields) {
  const made = await operator.ask("POST", "/filings/new", { form: { business: "B03" } });
  const no = made.to.split("/")[2];
  const saved = await operator.ask("POST", `/filings/${no}/form`, { form: { version: await version(operator, no), go: "next", ...fields } });
  if (saved.status !== 303) throw new Error(`draft: ${JSON.stringify(saved)}`);
  return no;
}

export async function filed(operator, fields) {
  const no = await draft(operator, fields);
  const a = await operator.act(`/filings/${no}`, "submit");
  if (a.status !== 200) throw new Error(`submit: ${JSON.stringify(a)}`);
  return no;
}

export const queue = async (who) => (await who.ask("GET", "/review/filings")).said.filings ?? [];
export const state = async (who, no) => (await who.ask("GET", `/filings/${no}`)).said.state;
