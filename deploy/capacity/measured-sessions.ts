import { oneProcess as figure } from './measured.ts'

/** What is written for clients and sessions: records and bytes in the logs. */
export const measureSessions = (alone: (figure: string) => number) => ({
  commentBytes: figure('a comment of 60 characters in its log', 'B', alone('commentBytes')),
  likeBytes: figure('a like in its log', 'B', alone('likeBytes')),
  presenceBytes: figure('a number of viewers in its log', 'B', alone('presenceBytes')),
  stateBytes: figure(
    'a state of a room in its log, on average',
    'B',
    alone('sessionStatesBytes') / alone('sessionStates'),
  ),
  visitInputBytes: figure('a client that comes or goes, in its log', 'B', alone('visitInputBytes')),
  visitStates: figure('states of rooms that it writes', '', alone('visitStates')),
  sessionInputs: figure('inputs of a session: two lives, their invites, a mix', '', alone('sessionInputs')),
  sessionInputBytes: figure('bytes of these inputs', 'B', alone('sessionInputsBytes')),
  sessionStates: figure('states of rooms that a session writes, at most', '', alone('sessionStates')),
  sessionStateBytes: figure('bytes of these states', 'B', alone('sessionStatesBytes')),
  sessionSignals: figure('messages of weights 4 and 5 of a session', '', alone('sessionSignals')),
  sessionSignalBytes: figure('bytes of these messages', 'B', alone('sessionSignalsBytes')),
  sessionOutcomes: figure('requests of a session that are decided', '', alone('sessionOutcomes')),
  sessionOutcomeBytes: figure('bytes of what was decided', 'B', alone('sessionOutcomesBytes')),
  sessionCommands: figure('commands of a session to the video cloud', '', alone('sessionCommands')),
  sessionCommandBytes: figure('bytes of these commands', 'B', alone('sessionCommandsBytes')),
})
