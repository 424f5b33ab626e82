// deadline: 240 s
import { agreements, invites } from './scenarios.ts'
import { testScenario } from './test-scenario.ts'

for (const scenario of [...agreements, ...invites]) testScenario(scenario)
