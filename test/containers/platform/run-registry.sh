#!/bin/sh
# Settings come as in the official image: APICURIO_… and QUARKUS_… of the environment, options of Java in JAVA_OPTS_APPEND.
set -eu
# shellcheck disable=SC2086 -- options, separated by spaces
exec java -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError ${JAVA_OPTS_APPEND:-} \
  -Dquarkus.http.host=0.0.0.0 -jar /opt/registry/apicurio-registry-app-3.0.9-runner.jar
