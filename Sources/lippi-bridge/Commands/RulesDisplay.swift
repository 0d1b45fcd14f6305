internal import BridgeCore
internal import LippiAPI

/// The rule table for people, programs and the documentation.
struct RulesDisplay {
  let table: RuleTable

  // MARK: Text

  var text: String {
    let head = ["", "class", "effect", "answers", "from", "meaning"]
    let rows = table.rows.enumerated().map { index, row in
      [
        String(index + 1), "\(row.ruling.name)", "\(row.effect.name)", row.match, origin(of: row),
        row.comment,
      ]
    }
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
    let lines = ([head] + rows).map { cells in
      let padded = cells.enumerated().map { column, cell in
        column == cells.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
      }
      return trimmed(padded.joined(separator: "  "))
    }
    return "rules \(table.version): the first one that holds decides\n\n" + lines.joined(separator: "\n")
      + "\n"
  }

  private func origin(of row: RuleRow) -> String {
    switch row.source {
    case .configuration(let place): place
    case .builtIn:
      row.overriddenBy.isEmpty
        ? "built in" : "built in, overridden by \(row.overriddenBy.joined(separator: ", "))"
    }
  }

  private func trimmed(_ line: String) -> Substring {
    line.lastIndex { $0 != " " }.map { line[...$0] } ?? ""
  }

  // MARK: JSON

  var json: String {
    var buffer = ByteBuffer(capacity: 16_384)
    buffer.append(text: #"{"version":"#)
    buffer.appendJSONString(text: table.version)
    buffer.append(text: #","rules":["#)
    for (index, row) in table.rows.enumerated() {
      buffer.append(text: (index == 0 ? "" : ",") + #"{"number":\#(index + 1),"class":"#)
      buffer.appendJSONString(text: "\(row.ruling.name)")
      buffer.append(text: #","effect":"\#(row.effect.name)","answers":"#)
      buffer.appendJSONString(text: row.match)
      buffer.append(text: #","refused_by":"#)
      append(row.refuser?.name, to: &buffer)
      buffer.append(text: #","meaning":"#)
      append(row.comment.isEmpty ? nil : row.comment, to: &buffer)
      switch row.source {
      case .builtIn: buffer.append(text: #","from":"built_in","place":null"#)
      case .configuration(let place):
        buffer.append(text: #","from":"configuration","place":"#)
        buffer.appendJSONString(text: place)
      }
      buffer.append(text: #","overridden_by":["#)
      for (number, place) in row.overriddenBy.enumerated() {
        if number > 0 { buffer.append(text: ",") }
        buffer.appendJSONString(text: place)
      }
      buffer.append(text: "]}")
    }
    buffer.append(text: "]}\n")
    return buffer.withBytes { String(decoding: $0, as: UTF8.self) }
  }

  private func append(_ text: String?, to buffer: inout ByteBuffer) {
    if let text { buffer.appendJSONString(text: text) } else { buffer.append(text: "null") }
  }

  // MARK: Markdown

  var markdown: String {
    let classes = VerdictClass.allCases.map { "| `\($0.name)` | \($0.consequence) |\n" }.joined()
    let rules = table.rows.enumerated().map { index, row in
      "| \(index + 1) | `\(row.match)` | `\(row.ruling.name)` | `\(row.effect.name)` | \(cell(row.comment)) |\n"
    }.joined()
    return """
      # What the gateway's answers mean

      <!-- Made by "./dev docs" from the program itself; changes here are lost. -->

      Rules version \(table.version). Outcomes carry the version in `bridge.rules`; rules of the configuration add a \
      checksum to it, as in `\(table.version)+3f9a2c`. `lippi-bridge rules` shows the table with them.

      An answer is judged by its envelope, whatever the HTTP status; the status decides only where there is none. \
      Message texts never decide. Each answer has a class, what the bridge does about it, and an effect, whether the \
      agent may have got the message: `none` (certainly not), `done` (certainly) or `unknown`.

      | class | what follows |
      | --- | --- |
      \(classes)
      Whatever ends an event after an attempt of effect `unknown`, its outcome is `in_doubt` unless one was delivered.

      ## The rules

      They are tried in this order, the first one that holds decides.

      | | answers | class | effect | meaning |
      | ---: | --- | --- | --- | --- |
      \(rules)
      ## Rules of the configuration

      `gateway.rules` lays rules over this table; they are tried first, in their order.

      ```yaml
      gateway:
        rules:
          # The backend calls it SYSTEM_ERROR: try again.
          - {result_code: "400001", class: temporary}
          # Effect none is a promise: the agent has certainly not got the message.
          - {sub_code: isv.agent-busy, class: temporary, effect: none}
      ```

      | member | value |
      | --- | --- |
      | `sub_code` | the whole sub_code of an `error_response` |
      | `sub_code_prefix` | its beginning |
      | `code` | the code of an `error_response`: a number, or two as `21-29` |
      | `result_code` | the code of a result with `success` false |
      | `http_status` | of an answer without envelope: a number, or two as `500-599` |
      | `class` | one of the classes above |
      | `effect` | `none`, `done` or `unknown`; without it `unknown`, with class `delivered` `done` |

      A rule has exactly one of the first five, and a class. `done` goes with `delivered` alone, and class `unknown` \
      with effect `unknown` alone. A rule that an earlier one of the configuration leaves no answer is a fault.

      """
  }

  private func cell(_ text: String) -> String {
    String(text.flatMap { $0 == "|" ? ["\\", "|"] : [$0] })
  }
}

extension Refuser {
  /// As outcomes call it.
  fileprivate var name: String {
    switch self {
    case .gateway: "gateway"
    case .backend: "backend"
    case .requestSize: "request_size"
    }
  }
}

extension VerdictClass {
  /// What the bridge does about it, for the documentation.
  fileprivate var consequence: String {
    switch self {
    case .delivered: "The event is done: outcome `delivered`."
    case .flowControl:
      "A ban: nothing is sent until it ends. No attempt is counted, nothing fails because of it."
    case .backendNotReached: "Sent again with back-off; when attempts or time are used up, `failed`."
    case .temporary:
      "Sent again with back-off, after effect `unknown` only under policy `resend`; at the end `failed` or "
        + "`in_doubt`."
    case .notTemporary: "Not sent again: `in_doubt`, or `rejected` where the effect is `none`."
    case .configurationFault:
      "Every message would fail alike: the line stops, says so and probes slowly. Events stay pending."
    case .clockFault: "As `configuration_fault`: this host's clock or the gateway's is wrong."
    case .programmingFault: "As `configuration_fault`: a request that the bridge should never send."
    case .refused: "This message is refused for what it is: `rejected`."
    case .unknown: "No rule knows the answer: not sent again, `in_doubt`, counted."
    }
  }
}
