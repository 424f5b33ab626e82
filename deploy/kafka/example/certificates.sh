#!/bin/sh
# An authority of your own, and certificates signed by it: what a cluster's own tools (cert-manager, Vault, Strimzi) do otherwise.
# usage: certificates.sh FOLDER NAME [HOST …]
#   FOLDER  gets ca.crt and ca.key once, then NAME.crt and NAME.key (PKCS #8) and NAME.pem (key and certificate in one file)
#   NAME    becomes the certificate's CN: for a client that has no SASL user, its name at the broker
#   HOST    names and addresses at which clients reach it; a client refuses a broker whose certificate lacks its name
set -eu
umask 077
folder=$1
name=$2
shift 2
mkdir -p "$folder"
cd "$folder"
if [ ! -f ca.key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=roomcast test authority' \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.crt 2>/dev/null
fi
names=DNS:$name
for host in "$@"; do
  case $host in
    *[!0-9.]*) names=$names,DNS:$host ;;
    *) names=$names,IP:$host ;;
  esac
done
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.csr" 2>/dev/null
printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$names" >"$name.ext"
openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -extfile "$name.ext" -out "$name.crt" 2>/dev/null
cat "$name.key" "$name.crt" >"$name.pem"
rm "$name.csr" "$name.ext"
