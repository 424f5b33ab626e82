import '../../test/builder.ts'
