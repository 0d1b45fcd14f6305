internal import CCrypto

enum SignMethod: CaseIterable {
  case md5, hmac, hmacSHA256

  init?(_ name: Bytes) {
    if name.equals("md5") {
      self = .md5
    } else if name.equals("hmac") {
      self = .hmac
    } else if name.equals("hmac-sha256") {
      self = .hmacSHA256
    } else {
      return nil
    }
  }
}

/// Digests and keyed digests over reused contexts; the secret is read once.
struct Signer: ~Copyable {
  static let digestLimitBytes = 64

  private let secret: [UInt8]
  private let digesting: OpaquePointer
  private let md5: OpaquePointer
  private let sha256: OpaquePointer
  private let hmacMD5: OpaquePointer
  private let hmacSHA256: OpaquePointer
  private let digest = UnsafeMutablePointer<UInt8>.allocate(capacity: Signer.digestLimitBytes)
  private var order: [Int] = []
  private var text = Octets(capacity: 4096)

  init(secret: String) {
    self.secret = Array(secret.utf8)
    // The default provider of libcrypto has all of these; without them there is no gateway to simulate.
    guard let digesting = EVP_MD_CTX_new(), let md5 = EVP_MD_fetch(nil, "MD5", nil),
      let sha256 = EVP_MD_fetch(nil, "SHA256", nil),
      let hmacMD5 = Self.keyed("MD5", self.secret), let hmacSHA256 = Self.keyed("SHA256", self.secret)
    else { preconditionFailure("libcrypto has MD5, SHA-256 and HMAC") }
    self.digesting = digesting
    self.md5 = md5
    self.sha256 = sha256
    self.hmacMD5 = hmacMD5
    self.hmacSHA256 = hmacSHA256
  }

  deinit {
    EVP_MAC_CTX_free(hmacMD5)
    EVP_MAC_CTX_free(hmacSHA256)
    EVP_MD_free(md5)
    EVP_MD_free(sha256)
    EVP_MD_CTX_free(digesting)
    digest.deallocate()
  }

  private static func keyed(_ name: String, _ secret: [UInt8]) -> OpaquePointer? {
    guard let algorithm = EVP_MAC_fetch(nil, "HMAC", nil) else { return nil }
    defer { EVP_MAC_free(algorithm) }
    guard let made = EVP_MAC_CTX_new(algorithm) else { return nil }
    var name = Array(name.utf8CString)
    let nameCount = name.count - 1
    let isReady = name.withUnsafeMutableBufferPointer { name in
      "digest".withCString { key in
        var parameters = [
          OSSL_PARAM(
            key: key, data_type: UInt32(OSSL_PARAM_UTF8_STRING), data: name.baseAddress, data_size: nameCount,
            return_size: 0),
          OSSL_PARAM(key: nil, data_type: 0, data: nil, data_size: 0, return_size: 0),
        ]
        // An empty key has to be told apart from no key.
        return secret.isEmpty
          ? EVP_MAC_init(made, [0], 0, &parameters) : EVP_MAC_init(made, secret, secret.count, &parameters)
      }
    }
    return isReady == 1 ? made : nil
  }

  /// The signature of all parameters but `sign` is what `sign` says.
  mutating func isRight(_ sign: Bytes, _ method: SignMethod, _ parameters: borrowing Parameters) -> Bool {
    let made = signature(method, parameters)
    guard sign.count == made.count * 2 else { return false }
    var difference: UInt8 = 0
    for position in 0..<made.count {
      difference |= sign[position * 2] ^ Hexadecimal.upper(made[position] >> 4)
      difference |= sign[position * 2 + 1] ^ Hexadecimal.upper(made[position] & 15)
    }
    return difference == 0
  }

  /// The bytes that `sign` spells, valid until the next use of the signer.
  mutating func signature(_ method: SignMethod, _ parameters: borrowing Parameters) -> Bytes {
    compose(parameters)
    return makeDigest(method)
  }

  /// The digest of `bytes`, valid until the next use of the signer.
  func sha256(_ bytes: Bytes) -> Bytes {
    let isDone =
      EVP_DigestInit_ex2(digesting, sha256, nil) == 1
      && EVP_DigestUpdate(digesting, bytes.baseAddress, bytes.count) == 1
      && EVP_DigestFinal_ex(digesting, digest, nil) == 1
    return Bytes(start: digest, count: isDone ? 32 : 0)
  }

  /// Names and values in byte order of the names; a value that is blank is not signed.
  private mutating func compose(_ parameters: borrowing Parameters) {
    text.removeAll(keeping: 64 * 1024)
    order.removeAll(keepingCapacity: true)
    for index in 0..<parameters.count {
      let name = parameters.name(index)
      if name.equals("sign") || parameters.value(index).isBlank { continue }
      var place = order.count
      order.append(index)
      while place > 0 && name.precedes(parameters.name(order[place - 1])) {
        order[place] = order[place - 1]
        place -= 1
      }
      order[place] = index
    }
    for index in order {
      text.append(parameters.name(index))
      text.append(parameters.value(index))
    }
  }

  private func makeDigest(_ method: SignMethod) -> Bytes {
    switch method {
    case .md5:
      let isDone =
        EVP_DigestInit_ex2(digesting, md5, nil) == 1
        && EVP_DigestUpdate(digesting, secret, secret.count) == 1
        && EVP_DigestUpdate(digesting, text.bytes.baseAddress, text.count) == 1
        && EVP_DigestUpdate(digesting, secret, secret.count) == 1
        && EVP_DigestFinal_ex(digesting, digest, nil) == 1
      return Bytes(start: digest, count: isDone ? 16 : 0)
    case .hmac: return keyedDigest(hmacMD5)
    case .hmacSHA256: return keyedDigest(hmacSHA256)
    }
  }

  private func keyedDigest(_ keyed: OpaquePointer) -> Bytes {
    var length = 0
    let isDone =
      EVP_MAC_init(keyed, nil, 0, nil) == 1
      && EVP_MAC_update(keyed, text.bytes.baseAddress, text.count) == 1
      && EVP_MAC_final(keyed, digest, &length, Signer.digestLimitBytes) == 1
    return Bytes(start: digest, count: isDone ? length : 0)
  }
}

extension Bytes {
  /// Stands before `other` in byte order.
  fileprivate func precedes(_ other: Bytes) -> Bool {
    for position in 0..<Swift.min(count, other.count) where self[position] != other[position] {
      return self[position] < other[position]
    }
    return count < other.count
  }
}
