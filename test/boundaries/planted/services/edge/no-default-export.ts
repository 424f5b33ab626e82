const planted = true
export default planted
