import '../../shared/log.ts'
