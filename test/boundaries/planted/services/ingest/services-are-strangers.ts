import '../edge/lanes.ts'
