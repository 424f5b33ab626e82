import 'ws'
