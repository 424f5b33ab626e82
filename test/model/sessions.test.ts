// deadline: 240 s
import { audiences, sessions } from './scenarios.ts'
import { testScenario } from './test-scenario.ts'

for (const scenario of [...sessions, ...audiences]) testScenario(scenario)
