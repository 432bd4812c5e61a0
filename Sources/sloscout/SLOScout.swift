@main struct SLOScout { static func main() {} }
