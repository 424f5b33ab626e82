import { measured } from './measured.ts'

/** What is written for clients and sessions: records and bytes in the logs. */
export const measureSessions = (alone: (figure: string) => number) => ({
  commentBytes: measured('a comment of 60 characters in its log', 'B', alone('commentBytes')),
  likeBytes: measured('a like in its log', 'B', alone('likeBytes')),
  presenceBytes: measured('a number of viewers in its log', 'B', alone('presenceBytes')),
  stateBytes: measured(
    'a state of a room in its log, on average',
    'B',
    alone('sessionStatesBytes') / alone('sessionStates'),
  ),
  visitInputBytes: measured('a client that comes or goes, in its log', 'B', alone('visitInputBytes')),
  sessionInputs: measured('inputs of a session: two lives, their invites, a mix', '', alone('sessionInputs')),
  sessionInputBytes: measured('bytes of these inputs', 'B', alone('sessionInputsBytes')),
  sessionStates: measured('states of rooms that a session writes, at most', '', alone('sessionStates')),
  sessionStateBytes: measured('bytes of these states', 'B', alone('sessionStatesBytes')),
  sessionSignals: measured('messages of weights 4 and 5 of a session', '', alone('sessionSignals')),
  sessionSignalBytes: measured('bytes of these messages', 'B', alone('sessionSignalsBytes')),
  sessionOutcomes: measured('requests of a session that are decided', '', alone('sessionOutcomes')),
  sessionOutcomeBytes: measured('bytes of what was decided', 'B', alone('sessionOutcomesBytes')),
  sessionCommands: measured('commands of a session to the video cloud', '', alone('sessionCommands')),
  sessionCommandBytes: measured('bytes of these commands', 'B', alone('sessionCommandsBytes')),
})
