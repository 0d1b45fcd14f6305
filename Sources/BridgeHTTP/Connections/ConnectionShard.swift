internal import BridgeCore
internal import CCurl

/// What libcurl's callbacks see of a shard.
struct ShardWatch {
  var epoll: Int32
  let shard: Int
  /// What the timer callback asked for since it was last looked at; -1 stops the timer.
  var timerMilliseconds: Int?
}

/// Owns one multi handle and the connections in it. libcurl walks every connection of a multi handle on each send
/// and receive, so there are few to a handle.
struct ConnectionShard: ~Copyable {
  static let connectionLimit = 64
  /// libcurl up to 8.3 tries the next address of a name in time only if it is asked this often.
  static let tick = TimeSpan.milliseconds(50)
  private static let errorTextSize = Int(CURL_ERROR_SIZE)

  private let multi: UnsafeMutableRawPointer
  private let watch: UnsafeMutablePointer<ShardWatch>
  private let handles: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let errorTexts: UnsafeMutablePointer<CChar>
  private var connectingCount = 0
  private var nextTick = MonotonicTime(microseconds: 0)
  private var timer: MonotonicTime?

  init(number: Int, epoll: Int32) throws(GatewayConnectionFault) {
    guard let multi = curl_multi_init() else { throw .noResources(code: 12) }
    self.multi = multi
    watch = .allocate(capacity: 1)
    watch.initialize(to: ShardWatch(epoll: epoll, shard: number, timerMilliseconds: nil))
    handles = .allocate(capacity: Self.connectionLimit)
    handles.initialize(repeating: nil, count: Self.connectionLimit)
    errorTexts = .allocate(capacity: Self.connectionLimit * Self.errorTextSize)
    errorTexts.initialize(repeating: 0, count: Self.connectionLimit * Self.errorTextSize)
    _ = bridge_curl_multi_watch(multi, Self.socketChanged, Self.timerChanged, watch)
  }

  deinit {
    // libcurl leaks the sockets of connections that outlive their multi handle.
    closeAll()
    curl_multi_cleanup(multi)
    watch.deallocate()
    handles.deallocate()
    errorTexts.deallocate()
  }

  /// Closes every connection; the epoll descriptor may be closed afterwards.
  func closeAll() {
    for place in 0..<Self.connectionLimit {
      guard let handle = handles[place] else { continue }
      handles[place] = nil
      curl_easy_cleanup(handle)
    }
    watch.pointee.epoll = -1
  }

  /// Begins a connect; nil if there is no memory. `drive` must follow.
  mutating func open(place: Int, number: Int, settings: borrowing ConnectOptions) -> UnsafeMutableRawPointer?
  {
    guard let handle = curl_easy_init() else { return nil }
    let errorText = errorTexts + place * Self.errorTextSize
    errorText.pointee = 0
    guard settings.apply(to: handle, number: number, errorText: errorText),
      curl_multi_add_handle(multi, handle) == CURLM_OK
    else {
      curl_easy_cleanup(handle)
      return nil
    }
    handles[place] = handle
    connectingCount += 1
    return handle
  }

  /// Closes the connection, or gives up its connect. Its socket is no longer watched by us.
  mutating func close(place: Int) {
    guard let handle = handles[place] else { return }
    handles[place] = nil
    curl_easy_cleanup(handle)
  }

  /// What libcurl last said about the connection's trouble; nil if nothing.
  func errorText(place: Int) -> String? {
    let text = String(cString: errorTexts + place * Self.errorTextSize)
    return text.isEmpty ? nil : text
  }

  mutating func socketReady(_ socket: Int32, _ readiness: Readiness, at now: MonotonicTime) {
    var mask: Int32 = 0
    if readiness.mask & Readiness.reading != 0 { mask |= CURL_CSELECT_IN }
    if readiness.mask & Readiness.writing != 0 { mask |= CURL_CSELECT_OUT }
    if readiness.hasTrouble { mask |= CURL_CSELECT_ERR }
    var running: Int32 = 0
    curl_multi_socket_action(multi, socket, mask, &running)
    settleTimer(at: now)
  }

  /// Goes on connecting; `atOnce` whatever the timer says.
  mutating func drive(atOnce: Bool, at now: MonotonicTime) {
    guard connectingCount > 0 else { return }
    var running: Int32 = 0
    if now >= nextTick {
      curl_multi_perform(multi, &running)
      nextTick = now + Self.tick
    }
    if atOnce || timer.map({ $0 <= now }) == true {
      timer = nil
      curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
    }
    settleTimer(at: now)
  }

  /// When `drive` is to be called; nil while nothing connects.
  var nextDeadline: MonotonicTime? {
    guard connectingCount > 0 else { return nil }
    return timer.map { min($0, nextTick) } ?? nextTick
  }

  /// The next connect that ended: the number it was opened with, and what libcurl says if it failed.
  mutating func nextFinished() -> (number: Int, failure: String?)? {
    guard connectingCount > 0 else { return nil }
    var handle: UnsafeMutableRawPointer?
    var code = CURLE_OK
    guard bridge_curl_next_finished(multi, &handle, &code) == 1, let handle else { return nil }
    connectingCount -= 1
    let number = bridge_curl_number(handle)
    guard code != CURLE_OK else { return (number, nil) }
    return (
      number, errorText(place: number % Self.connectionLimit) ?? String(cString: curl_easy_strerror(code))
    )
  }

  private mutating func settleTimer(at now: MonotonicTime) {
    guard let wanted = watch.pointee.timerMilliseconds else { return }
    watch.pointee.timerMilliseconds = nil
    timer = wanted < 0 ? nil : now + .milliseconds(Int64(wanted))
  }

  private static let socketChanged: curl_socket_callback = { _, socket, change, owner, _ in
    guard let watch = owner?.assumingMemoryBound(to: ShardWatch.self) else { return 0 }
    guard change != CURL_POLL_REMOVE else {
      EventQueue.forget(socket, in: watch.pointee.epoll)
      return 0
    }
    var mask: UInt32 = 0
    if change & CURL_POLL_IN != 0 { mask |= Readiness.reading }
    if change & CURL_POLL_OUT != 0 { mask |= Readiness.writing }
    EventQueue.watch(
      socket, .connecting(shard: watch.pointee.shard, socket: socket), for: mask, in: watch.pointee.epoll)
    return 0
  }

  private static let timerChanged: curl_multi_timer_callback = { _, milliseconds, owner in
    owner?.assumingMemoryBound(to: ShardWatch.self).pointee.timerMilliseconds = milliseconds
    return 0
  }
}
