// What the browser tests share: a bureau in a temporary folder on free ports, its keys, a Chromium, the agent's window.
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, mkdirSync, openSync, existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// What YINXIN_AT names, "2028-02-29" (ten in the morning in Beijing) or "2028-02-29 23:50": a suite runs on any day, its bureau is
// born on that one, and whoever needs a date asks cn(). Without it the real day.
const named = process.env.YINXIN_AT;
export const dayOfTest = named ? new Date(`${named.includes(" ") ? named.replace(" ", "T") : `${named}T10:00`}:00+08:00`) : undefined;
export const shiftOfTest = dayOfTest ? dayOfTest - Date.now() : 0;

export class Bureau {
  // at: the day and hour that all of the bureau's processes shall believe in (Date); without it YINXIN_AT's, or real time.
  constructor(build, env = {}, at) {
    this.build = path.resolve(build);
    this.extra = env;
    this.at = at;
    this.bornAt = at ? undefined : dayOfTest;
    this.dir = mkdtempSync(path.join(tmpdir(), "yx-"));
    this.data = path.join(this.dir, "var");
    execFileSync("chmod", ["755", this.dir]);
    this.output = "";
  }

  // Whoever verifies a receipt knows nothing of the bureau but its root's digest, and its clock where that was moved.
  get readerEnv() { return this.at || this.bornAt ? { YINXIN_DATA: this.data } : {}; }

  async start(timeoutMs = 90000) {
    this.port ??= await freePort();
    this.agentPort ??= await freePort();
    this.env = {
      ...process.env, YINXIN_DATA: this.data, YINXIN_PORT: String(this.port),
      YINXIN_AGENT_PORT: String(this.agentPort), YINXIN_PIN: "web", ...this.extra,
    };
    this.origin = `http://localhost:${this.port}`;
    this.agent = `http://127.0.0.1:${this.agentPort}`;
    this.ready = false;
    if (this.bornAt && !existsSync(this.data)) {
      const offset = Buffer.alloc(8);
      offset.writeBigInt64LE(BigInt(Math.round((this.bornAt - Date.now()) / 1000)));
      mkdirSync(this.data);
      writeFileSync(path.join(this.data, "clock"), offset);
    }
    if (this.at && !existsSync(this.data)) {
      execFileSync(this.program("yinxin"), ["init"], { env: this.env, cwd: this.dir, stdio: "ignore" });
      execFileSync(this.program("yinxin"), ["clock", String(Math.round((this.at - Date.now()) / 1000))], { env: this.env, cwd: this.dir });
    }
    this.child = spawn(this.program("yinxin"), ["up"], { env: this.env, stdio: ["ignore", "pipe", "pipe"], cwd: this.dir });
    this.exited = new Promise((done) => this.child.on("exit", (code, signal) => { this.gone = true; done({ code, signal }); }));
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.on("data", (bytes) => { this.output += bytes; if (this.output.includes("\nready ") || this.output.startsWith("ready ")) this.ready = true; });
    this.gone = false;
    for (const end = Date.now() + timeoutMs; !this.ready; await sleep(30)) {
      if (this.gone || Date.now() > end) throw new Error(`the bureau did not start:\n${this.output}\n${this.logs()}`);
    }
    this.demo = JSON.parse(readFileSync(path.join(this.data, "demo.json"), "utf8"));
    return this;
  }

  program(name) { return path.join(this.build, "src/cmd", name); }
  key(name) { return this.demo.keys.find((k) => k.name === name); }
  pin(name) { return this.key(name).pin; }

  yxkey(...args) {
    return execFileSync(this.program("yxkey"), args, { env: this.env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  // A session by the command line; [cookie name, value].
  yxkeyLogin(name) {
    const out = execFileSync("sh", ["-c", 'exec "$0" login --key "$1" --origin "$2" --pin-fd 3 3<"$3"', this.program("yxkey"), name, this.origin,
      this.pinFile(name)], { env: this.env, encoding: "utf8" });
    const line = out.trim();
    return [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)];
  }

  pinFile(name) {
    const file = path.join(this.dir, `${name}.pin`);
    writeFileSync(file, `${this.pin(name)}\n`, { mode: 0o600 });
    return file;
  }

  insert(name) { this.yxkey("insert", name); }
  remove(name) { this.yxkey("remove", name); }
  inserted() { return JSON.parse(this.yxkey("list", "--json")).map((k) => k.name); }
  only(...names) {
    const before = this.inserted();
    for (const n of before) if (!names.includes(n)) this.remove(n);
    const now = this.inserted();
    for (const n of names) if (!now.includes(n)) this.insert(n);
  }

  logs() {
    try {
      return execFileSync("sh", ["-c", 'tail -n 8 "$0"/log/*.log', this.data], { encoding: "utf8" });
    } catch { return ""; }
  }

  async stop(signal = "SIGTERM") {
    if (!this.gone) this.child.kill(signal);
    return Promise.race([this.exited, sleep(8000).then(() => { throw new Error("the bureau did not stop within 8 s"); })]);
  }

  remove_files() {
    const real = execFileSync("readlink", ["-f", this.data], { encoding: "utf8" }).trim();
    rmSync(this.dir, { recursive: true, force: true });
    if (real.startsWith("/var/lib/yinxin/")) rmSync(real, { recursive: true, force: true });
  }
}

export async function openBrowser(args = []) {
  return chromium.launch({
    executablePath: "/usr/bin/chromium", headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", ...args],
  });
}

// Clicks what opens the agent's window, fills it in and waits for the window to close.
// pins: the PIN, or [PIN, PIN again] for a new one; choose: card serial to choose among several keys.
export async function withAgent(page, click, pins, { choose, keepOpen } = {}) {
  const [win] = await Promise.all([page.waitForEvent("popup", { timeout: 15000 }), click()]);
  await win.waitForSelector("#pin", { state: "visible", timeout: 15000 });
  if (choose) await win.check(`input[name=key][value="${choose}"]`);
  const [first, second] = Array.isArray(pins) ? pins : [pins];
  await win.fill("#pin", first);
  if (second !== undefined) await win.fill("#pin2", second);
  if (keepOpen) return win;
  const closed = win.waitForEvent("close", { timeout: 30000 });
  await win.click("#ok").catch((e) => { if (!win.isClosed()) throw e; });
  await closed;
  return win;
}

export async function login(page, bureau, name, next) {
  await page.goto(`${bureau.origin}/login`);
  // The agent looks at the slots three times a second; a person sees the key named before he clicks.
  await page.waitForFunction((serial) => document.querySelector("#found-key").textContent.includes(serial), bureau.key(name).serial);
  await withAgent(page, () => page.click("#login:not([disabled])"), bureau.pin(name));
  await page.waitForURL(`${bureau.origin}${next}`, { timeout: 15000 });
}

// An ISO moment on Beijing's clock, days from now.
export const cn = (days = 0) => new Date(Date.now() + shiftOfTest + (days * 24 + 8) * 3600e3).toISOString();

// Fields of a form by name: text, choice, boxes (value: those to check, commas between).
export async function fill(page, values) {
  for (const [name, value] of Object.entries(values)) {
    const field = page.locator(`[name="${name}"]`).first();
    const kind = await field.evaluate((e) => e.type);
    if (kind === "select-one") await field.selectOption(value);
    else if (kind === "radio" || kind === "checkbox") for (const v of value.split(",")) await page.check(`[name="${name}"][value="${v}"]`);
    else await field.fill(value);
  }
}

export function step(started, text) {
  console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(7)} s  ${text}`);
}

// Pictures and receipts of a run: below $YINXIN_SHOTS (tests/run.sh makes one for all suites), else in a new folder that only
// this user can read. It stays, for its place is printed.
let shots;
export function screenshotDir(name) {
  shots ??= process.env.YINXIN_SHOTS || mkdtempSync(path.join(tmpdir(), "yinxin-shots-"));
  const dir = path.join(shots, name);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}
export { existsSync, openSync };

// How wide a page gets in elder mode at 360 px; the picture beside it. The page comes back as it was.
export async function elderPhone(page, bureau, address, shot) {
  const context = page.context(), size = page.viewportSize();
  await context.addCookies([{ name: `yx_mode_${new URL(bureau.origin).port}`, value: "elder", url: bureau.origin }]);
  await page.setViewportSize({ width: 360, height: 800 });
  await page.goto(bureau.origin + address);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  await page.screenshot({ path: shot, fullPage: true });
  await context.addCookies([{ name: `yx_mode_${new URL(bureau.origin).port}`, value: "standard", url: bureau.origin }]);
  await page.setViewportSize(size ?? { width: 1280, height: 900 });
  await page.goto(bureau.origin + address);
  return wide;
}
