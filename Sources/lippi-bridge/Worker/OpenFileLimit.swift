internal import BridgeCore
internal import Glibc

/// Every gateway connection is an open file.
enum OpenFileLimit {
  /// Files that the process needs beside gateway connections.
  private static let otherOpenFiles = 512

  static func needed(connectionLimit: Int) -> Int { connectionLimit + otherOpenFiles }

  /// The most that this process may raise its limit to.
  static var allowed: Int { Int(clamping: limit.rlim_max) }

  /// - Throws: the system does not allow as many.
  static func raise(forConnections connectionLimit: Int) throws(FatalFault) {
    var limit = limit
    let wanted = rlim_t(needed(connectionLimit: connectionLimit))
    guard limit.rlim_cur < wanted else { return }
    limit.rlim_cur = min(limit.rlim_max, wanted)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    guard limit.rlim_cur >= wanted else {
      throw FatalFault(
        .configuration,
        "gateway.concurrency \(connectionLimit) needs \(wanted) open files, the limit is \(limit.rlim_max): raise it "
          + "(ulimit -Hn, LimitNOFILE) or lower the concurrency.")
    }
  }

  private static var limit: rlimit {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return limit
  }
}
