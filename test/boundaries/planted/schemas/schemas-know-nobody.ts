import '../services/shared/log.ts'
