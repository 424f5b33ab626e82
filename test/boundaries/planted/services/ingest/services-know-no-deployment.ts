import '../../deploy/local.ts'
