internal import CLinux
internal import Glibc
internal import Synchronization

/// The gateway for tests and demonstrations: its checks, its answers, and faults on demand, served by one thread
/// over HTTP/1.1, with TLS or without. Beside `/router/rest` it has `POST` and `DELETE /_fault`, `GET /_stats`, `GET /_log?after=SEQ`.
package final class GatewaySimulator: Sendable {
  /// What `kind` of a fault may be.
  package static let faultKinds = FaultKind.allCases.map(\.rawValue)

  /// Where messages are posted: `http://ADDRESS:PORT/router/rest`.
  package let url: String
  private let options: SimulatorOptions
  private let listener: Descriptor
  private let epoll: Descriptor
  private let stopSignal: Descriptor
  private let logFile: Descriptor?
  /// Until the loop takes it over.
  private let identity: Mutex<TLSIdentity?>
  private let thread = Mutex<pthread_t?>(nil)

  /// Listens at once; answers once it runs.
  package init(options: SimulatorOptions) throws(SimulatorError) {
    self.options = options
    for client in options.allowedClients ?? [] where !Descriptor.isAddress(client) {
      throw .addressUnreadable(client)
    }
    if let files = options.tls {
      identity = Mutex(try TLSIdentity.load(files))
    } else {
      identity = Mutex(nil)
    }
    stopSignal = Descriptor(eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC)))
    guard stopSignal.isOpen else { throw .noDescriptor(code: errno) }
    epoll = Descriptor(epoll_create1(Int32(EPOLL_CLOEXEC)))
    guard epoll.isOpen else { throw .noDescriptor(code: errno) }
    if let path = options.logPath {
      let file = Descriptor(open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644))
      guard file.isOpen else { throw .logUnwritable(path, code: errno) }
      logFile = file
    } else {
      logFile = nil
    }
    let listening = try Descriptor.listening(address: options.address, port: options.port)
    listener = listening.socket
    url = "\(options.tls == nil ? "http" : "https")://\(options.address):\(listening.port)/router/rest"
  }

  /// Answers on the calling thread until `stop`. Requests that are then under way stay unanswered and are logged
  /// so; the log is in its file when this returns. Once in the life of a simulator.
  package func run() { run(stopSignals: [stopSignal.number]) }

  /// Runs on a thread of its own, which keeps the simulator alive until `stop`.
  package func start() throws(SimulatorError) {
    var started = pthread_t()
    let handedOver = Unmanaged.passRetained(self)
    let code = pthread_create(
      &started, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<GatewaySimulator>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, handedOver.toOpaque())
    guard code == 0 else {
      handedOver.release()
      throw .noThread(code: code)
    }
    thread.withLock { [started] in $0 = started }
  }

  /// Ends `run`, from any thread, also before it began. Behind `start` it returns when the thread has ended and
  /// the log is written.
  package func stop() {
    _ = eventfd_write(stopSignal.number, 1)
    let started = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    if let started { pthread_join(started, nil) }
  }

  /// The whole of a program: prints `{"url":"…"}` as the first line and runs until SIGTERM or SIGINT. To be called
  /// before other threads start, since they inherit that these signals are blocked.
  package static func serve(options: SimulatorOptions) throws(SimulatorError) {
    let simulator = try GatewaySimulator(options: options)
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let signalled = Descriptor(signalfd(-1, &signals, Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC)))
    guard signalled.isOpen else { throw .noDescriptor(code: errno) }
    let line = Array("{\"url\":\"\(simulator.url)\"}\n".utf8)
    _ = write(1, line, line.count)
    simulator.run(stopSignals: [simulator.stopSignal.number, signalled.number])
  }

  private func run(stopSignals: [Int32]) {
    let loop = SimulatorLoop(
      options: options, identity: identity.withLock { $0.take() }, epoll: epoll.number,
      listener: listener.number, stopSignals: stopSignals,
      logFile: logFile?.number)
    loop.run()
  }
}
