/** What `make dead-letters ARGS=--help` prints. */
export const helpText = `\
What could not be processed: records of dead-letter.v1 (docs/dead-letters.md).

  list                             counts by reason, and the newest 20
  show <partition>/<offset>        one letter: why, headers, the record as JSON, its first bytes; secrets are masked
  replay <partition>/<offset> …    what would be done with these; with --yes it is done
  replay <filters>                 the same for all that fit and were not replayed yet, oldest first

Filters of list and replay

  --topic room.input.v1            where it came from
  --code RECORD_UNREADABLE         the first word of the reason
  --service state-machine          who gave it up
  --room ROOM                      its key
  --since 2h                       given up since: 30m, 2h, 3d, or 2026-11-23T12:00:00Z
  --limit N                        list: so many letters (20); replay: so many in one run (1000)

show

  --bytes N                        so many bytes of the value (256)
  --save FILE                      puts the untouched value into a file that only you can read: nothing is masked in it

replay

  --yes                            does it; without it nothing is written
  --json-file FILE                 mends one letter: {"type": …, "record": {…}} is written in the place of its value
  --value-file FILE                mends one letter: these bytes are written in the place of its value
  --key ROOM                       mends one letter: this is its key
  --anyway RULE                    replays it although the rule says no: gone-on, earlier-left, too-late, room-ended

Kafka and the registry are found by KAFKA_BROKERS and the other KAFKA_… names, and SCHEMA_REGISTRY_URL, as by the services; without
both of these, a system that was started here (DATA_DIR) is taken. INVITE_TTL_MS and STREAM_GRACE_MS are those of the state-machine.
Exit code: 0 done, 1 failed, 3 some letters were refused, 64 not understood.
`
