internal import CLinux
internal import Glibc

extension SimulatorLoop {
  func serve(_ connection: Connection, events: UInt32) {
    if events & EPOLLOUT.rawValue != 0 {
      flushOutput(connection)
      advance(connection)
    } else if events & EPOLLIN.rawValue != 0 {
      receive(connection)
    } else {
      end(connection)
    }
  }

  private func receive(_ connection: Connection) {
    let received = recv(connection.descriptor, readBuffer, Self.readBytes, 0)
    if received < 0 && (errno == EAGAIN || errno == EINTR) { return }
    guard received > 0 else {
      // The client is gone, or will say nothing more: its request, if any, gets no answer. What was executed
      // stays executed.
      end(connection)
      return
    }
    switch connection.phase {
    case .stalled, .draining: return
    case .receiving, .waiting, .sending:
      guard take(Bytes(start: readBuffer, count: received), connection) else { return }
      if connection.input.count > RequestHead.bodyLimitBytes + RequestHead.headLimitBytes + Self.readBytes {
        end(connection)
        return
      }
      advance(connection)
    }
  }

  /// Puts what the client said into the input; false when that was the last of the connection.
  private func take(_ received: Bytes, _ connection: Connection) -> Bool {
    guard let reading = connection.channel?.read(received, into: &connection.input) else {
      connection.input.append(received)
      return true
    }
    switch reading {
    case .goesOn:
      // What the handshake has to say.
      return connection.phase == .sending || sendWire(connection) != .failed
    case .closed:
      advance(connection)
      end(connection)
      return false
    case .failed:
      stats.tlsFailureCount += 1
      // The alert, if the socket takes it.
      _ = sendWire(connection)
      end(connection)
      return false
    }
  }

  /// Says something at once, whatever the connection is doing.
  func say(_ text: StaticString, _ connection: Connection) {
    if connection.channel == nil {
      _ = send(connection.descriptor, text.utf8Start, text.utf8CodeUnitCount, Int32(MSG_NOSIGNAL))
    } else if connection.channel?.write(text.bytes) ?? false {
      _ = sendWire(connection)
    }
  }

  enum Sending {
    case done
    /// The rest follows when the socket is ready, or when the next byte of a drip is due.
    case waits
    case failed
  }

  /// Writes what the socket takes; the rest when it takes more.
  func flushOutput(_ connection: Connection) {
    let sending: Sending
    if connection.channel == nil {
      sending = sendBytes(&connection.output, connection)
    } else {
      if !connection.output.isEmpty {
        guard connection.channel?.write(connection.output.bytes) ?? false else {
          end(connection)
          return
        }
        connection.output.removeAll(keeping: Self.keptOutputBytes)
      }
      sending = sendWire(connection)
    }
    switch sending {
    case .waits: return
    case .failed: end(connection)
    case .done:
      setInterest(connection, EPOLLIN.rawValue)
      guard connection.phase == .sending else { return }
      connection.dripNanoseconds = nil
      outputWasSent(connection)
    }
  }

  /// Sends what TLS has to say.
  func sendWire(_ connection: Connection) -> Sending {
    connection.channel?.takeOutgoing(into: &connection.wire)
    return sendBytes(&connection.wire, connection)
  }

  private func sendBytes(_ bytes: inout Octets, _ connection: Connection) -> Sending {
    while !bytes.isEmpty {
      let view = bytes.bytes
      let count = connection.dripNanoseconds == nil ? view.count : 1
      let sent = send(connection.descriptor, view.baseAddress, count, Int32(MSG_NOSIGNAL))
      if sent >= 0 {
        bytes.consume(sent)
        if let pause = connection.dripNanoseconds, !bytes.isEmpty {
          setInterest(connection, EPOLLIN.rawValue)
          setTimer(connection, after: pause)
          return .waits
        }
      } else if errno == EAGAIN {
        setInterest(connection, EPOLLIN.rawValue | EPOLLOUT.rawValue)
        return .waits
      } else if errno != EINTR {
        return .failed
      }
    }
    bytes.removeAll(keeping: Self.keptOutputBytes)
    return .done
  }
}
