import type { Finding } from './compare-topics.ts'

/** What was found of the topics, in lines for people. */
export const describeFindings = (findings: readonly Finding[]): readonly string[] =>
  findings.flatMap((finding) => {
    switch (finding.kind) {
      case 'missing':
        return [`  ${finding.topic.name}: is to be created`]
      case 'same':
        return [`  ${finding.topic}: as declared`]
      case 'wrong':
      case 'different': {
        const { topic, setting, is, declared, mend } = finding
        const verdict = finding.kind === 'wrong' ? 'WRONG' : 'different'
        return [`  ${topic}: ${verdict}, ${setting} is ${is}, declared ${declared}`, `    ${mend}`]
      }
    }
  })
