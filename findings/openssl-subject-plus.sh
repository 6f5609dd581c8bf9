#!/bin/sh
# "openssl req -subj" reads + inside a value as the beginning of a second attribute of the same RDN, since OpenSSL 3.0 without
# -multivalue-rdn. What follows up to the next = becomes an unknown attribute name: a line "Skipping unknown subject name attribute"
# on stderr, exit status 0, and the rest of the company's name AND the CN after it are gone. A slash does the same.
# For Yinxin: a request whose subject lost its tail looks well made; compare it with the register, and tell integrators to write \+ and \/ in
# a -subj. Seen 2026-12-01: openssl 3.0 of Debian 12.
set -eu
v=$(dpkg-query -W -f '${Version}' openssl 2>/dev/null || true)
case $v in 3.0.*) ;; *) echo "skip: openssl 3.0 is not installed"; exit 77 ;; esac
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
export LC_ALL=C.UTF-8
openssl ecparam -name prime256v1 -genkey -noout -out k.pem
made() { # exit status, subject as written, what was said
	openssl req -new -key k.pem -utf8 -subj "$1" -out r.pem 2>err && rc=0 || rc=$?
	echo "exit $rc, $(openssl req -in r.pem -noout -subject -nameopt utf8 2>&1); stderr: $(tr '\n' ' ' <err)"
	rm -f r.pem
}
echo "2026-12-01 openssl $v"
echo "expected: O is 测试科技+服务有限公司 (constructed), CN is 张测; or an error"
plus=$(made '/C=CN/O=测试科技+服务有限公司/CN=张测') slash=$(made '/C=CN/O=测试甲/乙商行/CN=张测') good=$(made '/C=CN/O=测试科技\+服务有限公司/CN=张测')
echo "seen: $plus"
echo "seen, slash: $slash"
echo "control, \\+: $good"
echo "means: exit 0 and a sound signature say nothing about the name"
case $plus in "exit 0, subject=C=CN, O=测试科技;"*) ;; *) exit 1 ;; esac
case $good in "exit 0, "*CN=张测*) ;; *) exit 1 ;; esac
