/// Whether a request went onto a connection.
package enum SendAdmission: Sendable {
  /// It did; a report will come.
  case started
  /// No connection is ready; nothing was written, nothing will be reported.
  case noConnection
}
