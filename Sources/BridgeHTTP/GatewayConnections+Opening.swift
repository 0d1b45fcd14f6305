internal import BridgeCore
internal import CCurl

extension GatewayConnections {
  /// A connection that ends at this age without an answer counts as a failed connect.
  private static let stillbornAge = TimeSpan.seconds(1)
  private static let stillbornText = "the gateway closes a new connection at once"
  /// Ages differ by this many steps, so that connections opened together do not end together.
  private static let ageStepCount: Int64 = 16

  mutating func openMissing(at now: MonotonicTime) {
    guard backOff.allowsConnect(at: now) else { return }
    // The next one has to wait for what shows of this one.
    guard settling.count == 0 else { return }
    let limit = endpoint.isEncrypted ? Self.encryptedConnectingLimit : Self.connectingLimit
    let simultaneous = backOff.isProbing || !isProven ? 1 : limit
    var opened = false
    while connectingCount < simultaneous, liveCount < min(expectedCount, settings.connectionLimit) {
      guard openOne(at: now) else { break }
      opened = true
    }
    if opened { driveConnects(atOnce: true, at: now) }
  }

  private mutating func openOne(at now: MonotonicTime) -> Bool {
    let index =
      closed.popLast()
      ?? connections.take { [settings] in
        GatewayConnection(answerByteLimit: settings.answerByteLimit)
      }
    let (shard, place) = Self.home(of: index)
    guard makeShard(shard),
      let handle = shards[Int32(shard)].open(place: place, number: Int(index), settings: options)
    else {
      closed.append(index)
      connectFailed("libcurl refuses to make a connection", begunAt: now, at: now)
      return false
    }
    connections[index].handle = handle
    connections[index].phase = .connecting
    connections[index].generation &+= 1
    connections[index].openedAt = now
    connections[index].answerCount = 0
    connectingCount += 1
    return true
  }

  private mutating func makeShard(_ number: Int) -> Bool {
    while shards.count <= number {
      guard let shard = try? ConnectionShard(number: shards.count, epoll: events.descriptor) else {
        return false
      }
      var made: ConnectionShard? = shard
      _ = shards.take { made.take()! }
    }
    return true
  }

  mutating func driveConnects(atOnce: Bool = false, at now: MonotonicTime) {
    guard connectingCount > 0 else { return }
    for shard in 0..<Int32(shards.count) {
      shards[shard].drive(atOnce: atOnce, at: now)
      while let (number, failure) = shards[shard].nextFinished() {
        connectEnded(Int32(number), failure, at: now)
      }
    }
  }

  private mutating func connectEnded(_ index: Int32, _ failure: String?, at now: MonotonicTime) {
    connectingCount -= 1
    if let failure {
      close(index)
      connectFailed(failure, begunAt: connections[index].openedAt, at: now)
      return
    }
    let descriptor = connections[index].handle.map { bridge_curl_active_socket($0) } ?? -1
    guard descriptor >= 0, isUsedAndSilent(index),
      EventQueue.watch(
        descriptor, .connection(index: index, generation: connections[index].generation),
        for: Readiness.reading, in: events.descriptor)
    else {
      close(index)
      connectFailed(Self.stillbornText, begunAt: connections[index].openedAt, at: now)
      return
    }
    connections[index].descriptor = descriptor
    connections[index].isWatchedForRoom = false
    if isProven { return connected(index, at: now) }
    connections[index].phase = .settling
    connections[index].idleSince = now
    connections[index].idleLimit = Self.settlingTime(connectTime: now - connections[index].openedAt)
    settling.append(index, in: &connections)
  }

  private mutating func connected(_ index: Int32, at now: MonotonicTime) {
    connections[index].idleLimit = settings.idleTimeout
    counts.connectCount += 1
    counts.lastConnectError = nil
    backOff.connected()
    makeReady(index, at: now)
  }

  /// A connect took two ways to the gateway and back or more; a refusal comes within one.
  private static func settlingTime(connectTime: TimeSpan) -> TimeSpan {
    min(max(connectTime, .milliseconds(20)), .milliseconds(500))
  }

  /// A session ticket shows that the gateway has taken the handshake; anything else that it is over.
  mutating func settlingStirred(_ index: Int32, at now: MonotonicTime) {
    settling.remove(index, in: &connections)
    guard !isSilent(index) else { return settled(index, at: now) }
    let (shard, place) = Self.home(of: index)
    let reason = shards[Int32(shard)].errorText(place: place) ?? Self.stillbornText
    close(index)
    connectFailed(reason, begunAt: connections[index].openedAt, at: now)
  }

  mutating func readySettled(at now: MonotonicTime) {
    while settling.first != .noConnection {
      let index = settling.first
      guard now - connections[index].idleSince >= connections[index].idleLimit else { return }
      settlingStirred(index, at: now)
    }
  }

  private mutating func settled(_ index: Int32, at now: MonotonicTime) {
    isProven = true
    connected(index, at: now)
  }

  private mutating func connectFailed(_ reason: String, begunAt: MonotonicTime, at now: MonotonicTime) {
    counts.connectFailureCount += 1
    counts.lastConnectError = reason
    isProven = !endpoint.isEncrypted
    backOff.connectFailed(begunAt: begunAt, at: now)
  }

  /// Nothing has come and nothing has ended.
  func isSilent(_ index: Int32) -> Bool {
    guard connections[index].handle != nil else { return false }
    switch connections[index].receive(into: scratch, encrypted: endpoint.isEncrypted) {
    case .mustWait: return true
    case .moved, .failed: return false
    }
  }

  /// The same of a new connection. libcurl may close one that was never used when it makes another: this is a use.
  private func isUsedAndSilent(_ index: Int32) -> Bool {
    guard let handle = connections[index].handle else { return false }
    var received = 0
    return curl_easy_recv(handle, scratch.baseAddress, scratch.count, &received) == CURLE_AGAIN
  }

  /// To the ready ones, or closed if it is old.
  mutating func makeReady(_ index: Int32, at now: MonotonicTime) {
    guard !isOld(index, at: now), connections[index].idleLimit > .zero else { return close(index) }
    connections[index].phase = .ready
    connections[index].idleSince = now
    ready.append(index, in: &connections)
  }

  /// The connection that idled shortest, if it is fit for a request.
  mutating func takeReady(at now: MonotonicTime) -> Int32? {
    while ready.last != .noConnection {
      let index = ready.last
      let idleTime = now - connections[index].idleSince
      if idleTime >= connections[index].idleLimit || isOld(index, at: now) {
        discardReady(index)
      } else if idleTime > .zero, !isSilent(index) {
        // What became idle in this very turn was read to its end a moment ago.
        readyLost(index, at: now)
      } else {
        ready.remove(index, in: &connections)
        return index
      }
    }
    return nil
  }

  /// Something came although nothing was asked: bytes, an end, or only a TLS session ticket.
  mutating func readyStirred(_ index: Int32, at now: MonotonicTime) {
    if !isSilent(index) { readyLost(index, at: now) }
  }

  private mutating func readyLost(_ index: Int32, at now: MonotonicTime) {
    counts.idleLossCount += 1
    let openedAt = connections[index].openedAt
    if connections[index].answerCount == 0, now - openedAt < Self.stillbornAge {
      connectFailed(Self.stillbornText, begunAt: openedAt, at: now)
    }
    discardReady(index)
  }

  private mutating func discardReady(_ index: Int32) {
    ready.remove(index, in: &connections)
    close(index)
  }

  /// Closes idle connections whose time is over.
  mutating func closeOutworn(at now: MonotonicTime) {
    while ready.first != .noConnection {
      let index = ready.first
      guard now - connections[index].idleSince >= connections[index].idleLimit else { return }
      discardReady(index)
    }
  }

  /// It stands in no queue; afterwards its place is free.
  private mutating func close(_ index: Int32) {
    closeSocket(index)
    connections[index].phase = .closed
    closed.append(index)
  }

  mutating func closeSocket(_ index: Int32) {
    if connections[index].descriptor >= 0 {
      EventQueue.forget(connections[index].descriptor, in: events.descriptor)
      connections[index].descriptor = -1
    }
    connections[index].handle = nil
    let (shard, place) = Self.home(of: index)
    shards[Int32(shard)].close(place: place)
  }

  private func isOld(_ index: Int32, at now: MonotonicTime) -> Bool {
    let step = settings.ageLimit.microseconds / (4 * Self.ageStepCount)
    let limit = settings.ageLimit.microseconds - step * (Int64(index) % Self.ageStepCount)
    return (now - connections[index].openedAt).microseconds >= limit
  }

  private static func home(of index: Int32) -> (shard: Int, place: Int) {
    (Int(index) / ConnectionShard.connectionLimit, Int(index) % ConnectionShard.connectionLimit)
  }
}
