#!/bin/bash
# The number of a revocation list (cRLNumber, an INTEGER that counts the issues) is printed in hexadecimal without a mark by
# certtool (GnuTLS 3.7.9) and keytool (OpenJDK 17), in decimal by openssl 3.0. Written 2026-12-01.
#
# Seen for the list with number 4711 (02 02 12 67):
#   openssl crl -text       X509v3 CRL Number:  4711
#   certtool --crl-info     CRL Number (not critical): 1267
#   keytool -printcrl       CRL Number:     1267
# From the tenth list on an officer who compares "第 N 期" with these two reads another number, and 1267 looks like a decimal one:
# an old list by its look. Serial numbers, in hexadecimal too, are marked "(hex)" by certtool; this is not.
#
# Debian 12: openssl 3.0.19-1~deb12u2, gnutls-bin 3.7.9-2+deb12u7, openjdk-17-jre-headless 17.0.15+6-1~deb12u1.
# Exit status: 0 as described, 1 it behaves otherwise, 77 other versions.
set -u
for program in openssl certtool keytool java; do command -v $program >/dev/null || { echo "$program is missing"; exit 77; }; done
case $(openssl version) in "OpenSSL 3.0."*) ;; *) echo "another openssl"; exit 77 ;; esac
certtool --version | head -n 1 | grep -q '3\.7\.9$' || { echo "another certtool"; exit 77; }
java -version 2>&1 | grep -q '"17\.' || { echo "another java"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 77
cat >ca.cnf <<'C'
[ca]
default_ca = c
[c]
database = index
crlnumber = number
default_md = sha256
default_crl_days = 7
crl_extensions = x
[x]
authorityKeyIdentifier = keyid
C
: >index
echo 1267 >number # openssl ca reads this file in hexadecimal
openssl ecparam -name prime256v1 -genkey -noout -out k.pem 2>/dev/null
openssl req -new -x509 -key k.pem -subj /CN=x -days 9 -out c.pem 2>/dev/null
openssl ca -config ca.cnf -gencrl -keyfile k.pem -cert c.pem -out list.pem 2>/dev/null
openssl crl -in list.pem -outform DER -out list.der 2>/dev/null || { echo "no list was made"; exit 77; }
changed=0
expect() { # who, expected, seen
	if [ "$2" = "$3" ]; then echo "as described: $1: $3"; else echo "CHANGED: $1: $3 (was $2)"; changed=1; fi
}
expect openssl 4711 "$(openssl crl -inform DER -in list.der -noout -text | grep -A1 'CRL Number' | tail -n 1 | tr -d ' ')"
expect certtool 1267 "$(certtool --crl-info --inder --infile list.der | sed -n 's/.*CRL Number (not critical): //p')"
expect keytool 1267 "$(keytool -printcrl -file list.der 2>/dev/null | sed -n 's/.*CRL Number: *//p')"
exit $changed
