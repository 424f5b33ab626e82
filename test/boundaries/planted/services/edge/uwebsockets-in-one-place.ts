import 'uWebSockets.js'
