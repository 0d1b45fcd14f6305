extension SimulatorLoop {
  /// Answers a whole request to one of the simulator's own pages.
  func answerControl(_ connection: Connection, _ head: RequestHead) {
    let request = connection.input.bytes
    let query = request.slice(head.query.lowerBound, head.query.upperBound)
    body.removeAll(keeping: Self.keptOutputBytes)
    var status = 200
    var label = AnswerLabel.json
    switch (head.target, head.verb) {
    case (.fault, .post): status = postFault(request.slice(head.headCount, head.totalCount))
    case (.fault, .delete):
      faults.removeAll()
      body.append("{\"faults\":0}\n")
    case (.stats, .get):
      stats.write(
        logged: log.lastSequence, logFailures: log.writeFailureCount, faults: faults.count, into: &body)
    case (.log, .get):
      label = .jsonLines
      log.lines(after: Self.after(query), into: &body)
    case (.fault, .get), (.fault, .unlisted), (.stats, .post), (.stats, .delete), (.stats, .unlisted),
      (.log, .post), (.log, .delete), (.log, .unlisted):
      status = 405
      body.append("{\"error\":\"this page has no such method\"}\n")
    case (.gateway, _), (.unlisted, _):
      status = 404
      body.append("{\"error\":\"there is no such page\"}\n")
    }
    connection.input.consume(head.totalCount)
    connection.head = nil
    connection.scanned = 0
    answer(connection, status, label)
  }

  private func postFault(_ document: Bytes) -> Int {
    do throws(FaultProblem) {
      let fault = try Fault.read(document, faultReader)
      guard faults.add(fault) else { throw FaultProblem("there are too many faults") }
      body.append("{\"faults\":")
      body.append(decimal: Int64(faults.count))
      body.append("}\n")
      return 200
    } catch {
      body.append("{\"error\":")
      Array(error.sentence.utf8).withUnsafeBufferPointer { body.append(jsonString: $0) }
      body.append("}\n")
      return 400
    }
  }

  /// The number behind `after=`, 0 without one.
  private static func after(_ query: Bytes) -> Int64 {
    var start = 0
    while start < query.count {
      let end = query.firstIndex(of: UInt8(ascii: "&"), from: start) ?? query.count
      let part = query.slice(start, end)
      if part.hasPrefixIgnoringCase("after=") { return part.slice(6, part.count).decimal ?? 0 }
      start = end + 1
    }
    return 0
  }
}
