import './no-cycles-either.ts'
