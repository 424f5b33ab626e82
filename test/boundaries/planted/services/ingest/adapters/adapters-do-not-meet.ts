import './http.ts'
