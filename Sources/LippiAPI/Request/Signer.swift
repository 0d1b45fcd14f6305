import BridgeCore
import CCrypto

/// Signs texts with one secret. The key's state is kept, so that a signature costs two rounds of the digest less.
struct Signer: ~Copyable {
  /// Of any digest.
  private static let digestByteLimit = Int(EVP_MAX_MD_SIZE)

  private let secret: [UInt8]
  private let digest: OpaquePointer
  /// Nil for a digest without a key.
  private let authentication: OpaquePointer?

  init(method: SignatureMethod, secret: [UInt8]) {
    self.secret = secret
    let digestName = method.digestName
    guard let digest = EVP_MD_fetch(nil, digestName, nil) else {
      preconditionFailure("OpenSSL has no \(digestName)")
    }
    self.digest = digest
    authentication = method.isKeyed ? Self.makeAuthentication(digestName, secret) : nil
  }

  deinit {
    EVP_MAC_CTX_free(authentication)
    EVP_MD_free(digest)
  }

  private static func makeAuthentication(_ digestName: String, _ secret: [UInt8]) -> OpaquePointer {
    guard let algorithm = EVP_MAC_fetch(nil, "HMAC", nil), let state = EVP_MAC_CTX_new(algorithm) else {
      preconditionFailure("OpenSSL has no HMAC")
    }
    EVP_MAC_free(algorithm)
    var name = Array(digestName.utf8CString)
    let accepted = name.withUnsafeMutableBufferPointer { name in
      var parameters = [
        OSSL_PARAM_construct_utf8_string("digest", name.baseAddress, 0), OSSL_PARAM_construct_end(),
      ]
      return EVP_MAC_init(state, secret, secret.count, &parameters)
    }
    precondition(accepted == 1, "HMAC takes any key")
    return state
  }

  /// Appends the signature of `text` in upper-case hexadecimal.
  borrowing func sign(_ text: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
    withUnsafeTemporaryAllocation(byteCount: Self.digestByteLimit, alignment: 8) { result in
      let length = write(text, result)
      buffer.appendUninitialized(2 * length) { output in
        for position in 0..<length {
          let byte = result[position]
          output.storeBytes(of: Self.hexadecimalDigit(byte >> 4), toByteOffset: 2 * position, as: UInt8.self)
          output.storeBytes(
            of: Self.hexadecimalDigit(byte & 15), toByteOffset: 2 * position + 1, as: UInt8.self)
        }
        return 2 * length
      }
    }
  }

  private borrowing func write(_ text: UnsafeRawBufferPointer, _ result: UnsafeMutableRawBufferPointer) -> Int
  {
    let bytes = text.assumingMemoryBound(to: UInt8.self)
    let output = result.assumingMemoryBound(to: UInt8.self)
    if let authentication {
      var length = 0
      let succeeded =
        EVP_MAC_init(authentication, nil, 0, nil) == 1
        && EVP_MAC_update(authentication, bytes.baseAddress, bytes.count) == 1
        && EVP_MAC_final(authentication, output.baseAddress, &length, output.count) == 1
      precondition(succeeded, "HMAC over memory does not fail")
      return length
    }
    let framed = secret + bytes + secret
    var length: UInt32 = 0
    let succeeded = EVP_Digest(framed, framed.count, output.baseAddress, &length, digest, nil)
    precondition(succeeded == 1, "a digest over memory does not fail")
    return Int(length)
  }

  private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }
}

extension SignatureMethod {
  /// As OpenSSL calls it.
  fileprivate var digestName: String {
    switch self {
    case .md5, .hmac: "MD5"
    case .hmacSHA256: "SHA256"
    }
  }

  fileprivate var isKeyed: Bool {
    switch self {
    case .md5: false
    case .hmac, .hmacSHA256: true
    }
  }
}
