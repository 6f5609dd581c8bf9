#!/bin/bash
# Botan 2.19.3 (Debian 12: botan 2.19.3+dfsg-1+deb12u1) reads object identifiers under the root arc 2 wrongly where the second arc
# is 40 or more. Written 2026-12-01.
#
# X.690, 8.19.4: the first octets of an OBJECT IDENTIFIER hold 40 * first + second, first is 0, 1 or 2, and under 2 the second may
# be any number. So 88 37 01 is 2.999.1 (2.999 is the arc of examples) and 7F 03 is 2.47.3. Botan divides the first octet by 40
# and makes a root arc 3, which does not exist, or takes the first octet of a longer number for a whole one:
#
#   octets of the value     is          openssl     botan asn1print
#   88 37 01                2.999.1     2.999.1     3.16.55.1
#   81 34 03                2.100.3     2.100.3     3.9.52.3
#   7F 03                   2.47.3      2.47.3      3.7.3
#   77 03                   2.39.3      2.39.3      2.39.3
#
# The certificate's policy 2.999.20518.1 is shown as 3.16.55.20518.1 by `botan cert_info`, without a warning. Whoever compares
# policies or extensions by Botan's text finds none of ours in a demonstration (enterprise numbers, 1.3.6.1.4.1, are right).
# Besides: `botan cert_info` on a file that is no certificate prints nothing on either stream and ends with status 0.
#
# Exit status: 0 as described, 1 it behaves otherwise, 77 not this version.
set -u
command -v botan >/dev/null && command -v openssl >/dev/null || { echo "botan or openssl is missing"; exit 77; }
[ "$(botan version 2>/dev/null)" = 2.19.3 ] || { echo "botan $(botan version 2>/dev/null), not 2.19.3"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 77
changed=0
expect() { # what, expected, seen
	if [ "$2" = "$3" ]; then echo "as described: $1: $3"; else echo "CHANGED: $1: $3 (was $2)"; changed=1; fi
}
shown() { # identifier -> what botan prints
	openssl asn1parse -genstr "OID:$1" -noout -out oid.der >/dev/null 2>&1
	botan asn1print oid.der | sed -n 's/.*OBJECT *//p' | tr -d ' '
}
expect 2.999.1 3.16.55.1 "$(shown 2.999.1)"
expect 2.100.3 3.9.52.3 "$(shown 2.100.3)"
expect 2.47.3 3.7.3 "$(shown 2.47.3)"
expect 2.39.3 2.39.3 "$(shown 2.39.3)"
printf '[x]\ncertificatePolicies=2.999.20518.1\n' >x.cnf
openssl ecparam -name prime256v1 -genkey -noout -out k.pem 2>/dev/null
openssl req -new -key k.pem -subj /CN=x -out r.pem 2>/dev/null
openssl x509 -req -in r.pem -signkey k.pem -days 2 -extfile x.cnf -extensions x -outform DER -out c.der 2>/dev/null
openssl x509 -inform DER -in c.der -noout -text | grep -q 'Policy: 2.999.20518.1' || { echo "openssl made another policy"; exit 77; }
expect "policy 2.999.20518.1 in a certificate" 3.16.55.20518.1 "$(botan cert_info c.der | grep -A1 '^Policies' | tail -n 1 | tr -d ' ')"
echo no certificate >bad.der
said=$(botan cert_info bad.der 2>&1)
expect "cert_info of no certificate: status and text" "0 ''" "$? '$said'"
exit $changed
