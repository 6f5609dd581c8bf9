"""A person at his browser with a key, for Python tests: logs in, reads and posts pages, signs through the agent's own interface
(docs/protocol/agent.md) as its window would. Standard library only."""
import json
import re
import secrets
import threading
import time

LIMIT = 60


class Filer:
    def __init__(self, bureau, name):
        """The only key inserted is this person's."""
        self.b, self.name = bureau, name
        inserted = [k["name"] for k in json.loads(bureau.yxkey("list", "--json", check=True).stdout)]
        for other in inserted:
            if other != name:
                bureau.yxkey("remove", other, check=True)
        if name not in inserted:
            bureau.yxkey("insert", name, check=True)
        self.cookie = bureau.login(name)
        end = time.monotonic() + LIMIT  # the agent looks at the slots three times a second
        while time.monotonic() < end and bureau.key(name)["serial"] not in self.agent("GET", "/v1/status").text:
            time.sleep(0.05)

    def page(self, path, accept=None):
        return self.b.get(path, self.cookie, accept)

    def json(self, path):
        a = self.page(path, "application/json")
        assert a.status == 200, f"{path}: {a.status} {a.text[:300]}"
        return a.json

    def csrf(self, path):
        return re.search(r'name="yx-csrf" content="([^"]+)"', self.page(path).text).group(1)

    def post(self, path, token, type_, body, accept="application/json"):
        return self.b.request("POST", path, body=body, timeout=LIMIT,
                              headers={"Cookie": self.cookie, "Origin": self.b.origin, "Content-Type": type_, "Accept": accept})

    def post_json(self, path, members):
        a = self.post(path, None, "application/json", json.dumps(members, ensure_ascii=False).encode())
        assert a.status == 200, f"{path}: {a.status} {a.text[:500]}"
        return a.json

    def post_form(self, path, token, **fields):
        from urllib.parse import urlencode
        return self.post(path, token, "application/x-www-form-urlencoded", urlencode({"csrf": token, **fields}), "text/html")

    def post_file(self, path, token, field, name, octets, **fields):
        mark = secrets.token_hex(16)
        parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in {"csrf": token, **fields}.items()]
        parts.append(f'--{mark}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
                     "Content-Type: application/octet-stream\r\n\r\n".encode() + octets + b"\r\n")
        return self.post(path, token, f"multipart/form-data; boundary={mark}", b"".join(parts) + f"--{mark}--\r\n".encode())

    # --- the agent ---

    def agent(self, method, path, body=None, origin=None):
        a = self.b.request(method, path, body=json.dumps(body, ensure_ascii=False).encode() if body is not None else None, port=self.b.agent_port, timeout=LIMIT,
                           headers={"Host": f"127.0.0.1:{self.b.agent_port}", "Origin": origin or self.b.origin, "Content-Type": "application/json"})
        return a

    def sign(self, statement):
        """(signature, certificate) as base64; the PIN goes to the agent's window only."""
        window, own = secrets.token_hex(16), f"http://127.0.0.1:{self.b.agent_port}"
        answer = []
        thread = threading.Thread(target=lambda: answer.append(self.agent("POST", "/v1/sign", {
            "window": window, "statement": statement, "key": self.b.key(self.name)["serial"]})))
        thread.start()
        end, job = time.monotonic() + LIMIT, {}
        while time.monotonic() < end and not answer:
            job = self.agent("GET", f"/window/job?id={window}", origin=own).json
            if job.get("state") == "ask":
                self.agent("POST", "/window/answer", {"id": window, "token": job["token"], "key": self.b.key(self.name)["serial"],
                                                      "pin": self.b.key(self.name)["pin"], "pin2": ""}, origin=own)
                break
            time.sleep(0.05)
        thread.join(LIMIT)
        assert answer and answer[0].status == 200, (job, answer and answer[0].text)
        return answer[0].json["signature"], answer[0].json["cert"]

    def act(self, base, step, **members):
        """Asks for the statement, signs it, brings it back."""
        token = self.csrf("/filings" if base.startswith("/filings") else "/review/filings")
        statement = self.post_json(f"{base}/text", {"csrf": token, "step": step, **members})["statement"]
        signature, cert = self.sign(statement)
        return self.post_json(f"{base}/act", {"csrf": token, "step": step, "statement": statement, "signature": signature, "cert": cert})

    # --- filings ---

    def draft(self):
        a = self.post_form("/filings/new", self.csrf("/filings"), business="B03")
        assert a.status == 303, f"{a.status} {a.text[:300]}"
        return a.header("Location").split("/")[2]

    def version(self, no):
        page = self.page(f"/filings/{no}/form").text
        return re.search(r'name="version" value="(\d+)"', page).group(1)


def approve(reviewer, no):
    """Until it is done: the second review, where the rules want one, takes another reviewer."""
    reviewer.act("/review/filings", "approve", no=no, opinion="同意")
