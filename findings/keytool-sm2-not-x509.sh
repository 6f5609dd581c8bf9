#!/bin/sh
# Java 17 without BouncyCastle cannot READ a certificate with an SM2 key, so keytool says of our sound root "Input not an X.509
# certificate" (import) and "Failed to parse input" (print); the cause, "Unknown named curve: 1.2.156.10197.1.301", appears only for a
# request. The revocation list of the same root is printed in full, which makes the certificate look damaged.
# For Yinxin: the manual's page for Java users names these words and the way (BouncyCastle's provider; its BKS, PKCS12 and BCFKS stores
# take the root). Seen 2026-12-01: openjdk-17-jdk-headless 17.0.15, Debian 12.
set -eu
v=$(dpkg-query -W -f '${Version}' openjdk-17-jre-headless 2>/dev/null || true)
case $v in 17.0.*) ;; *) echo "skip: openjdk-17-jre-headless is not installed"; exit 77 ;; esac
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT INT TERM
cd "$D"
export LC_ALL=C.UTF-8
id=distid:1234567812345678
openssl ecparam -name SM2 -genkey -noout -out k.pem
openssl req -x509 -new -key k.pem -sm3 -sigopt $id -days 365 -utf8 -subj '/C=CN/O=测试单位/CN=测试根' -out root.pem
openssl req -new -key k.pem -sm3 -sigopt $id -utf8 -subj '/CN=测试根' -out req.pem
openssl ecparam -name prime256v1 -genkey -noout -out p.pem
openssl req -x509 -new -key p.pem -days 365 -utf8 -subj '/C=CN/O=测试单位/CN=测试根' -out p256.pem
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_crl_days=7\ndefault_md=sm3\n' >ca.cnf
: >index; echo 01 >number
openssl ca -config ca.cnf -gencrl -cert root.pem -keyfile k.pem -sigopt $id -out list.pem 2>/dev/null
kt() { keytool -J-Duser.language=en "$@" 2>&1 | grep -vE '^$|^Picked' | head -1; }
store() { kt -importcert -noprompt -alias a -file "$1" -keystore "$1.p12" -storepass 123456; }
echo "2026-12-01 openjdk-17 $v"
echo "expected: the certificate is printed and imported (nothing needs its key), or the curve is named"
import=$(store root.pem) print=$(kt -printcert -file root.pem) list=$(kt -printcrl -file list.pem) req=$(kt -printcertreq -file req.pem) good=$(store p256.pem)
echo "seen, import:  $import"
echo "seen, print:   $print"
echo "seen, list:    $list"
echo "seen, request: $req"
echo "control, the same with a P-256 key: $good"
echo "means: 'not an X.509 certificate' is Java's word for an unknown curve"
case $import in *"not an X.509 certificate"*) ;; *) exit 1 ;; esac
case "$print|$list|$req" in *"Failed to parse input|"*"CRL v"*"Unknown named curve"*) ;; *) exit 1 ;; esac
case $good in *"added to keystore"*) ;; *) exit 1 ;; esac
