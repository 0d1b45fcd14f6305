"""A broker that asks who is there and what he may do, with the certificates and names for it."""

from collections.abc import Iterable
from pathlib import Path

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from .kafka import KafkaCluster
from .process import output_of
from .waiting import until

_OPENSSL_SECONDS = 30
_ANSWER_SECONDS = 30

# SASL names, passwords, and what a name is called in access control lists.
USER = "bridge"
PASSWORD = "correct horse battery staple"
STRANGER = "stranger"
ADMINISTRATOR = "administrator"
CERTIFICATE_NAME = "bridge-certificate"
KEY_PASSWORD = "key password"
_SALT = b"salt of the tests"
_ANY_ACL = AclBindingFilter(
    ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
)


class Certificates:
    """A certificate authority, the broker's certificate and a client's, made with openssl in `folder`."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = self._authority("authority")
        self.unknown_authority = self._authority("unknown")
        self.broker = self._signed("broker", "localhost", self.authority)
        self.client = self._signed("client", CERTIFICATE_NAME, self.authority)
        # What librdkafka is given: the key apart, and locked.
        self.client_key = folder / "client-locked.key"
        self._openssl(
            "pkcs8", "-topk8", "-in", folder / "client.key", "-out", self.client_key,
            "-passout", f"pass:{KEY_PASSWORD}",
        )  # fmt: skip

    @property
    def client_certificate(self) -> Path:
        return self.folder / "client.crt"

    @property
    def broker_bundle(self) -> Path:
        """Key and certificate in one file, as Kafka reads PEM."""
        bundle = self.folder / "broker.pem"
        bundle.write_text((self.folder / "broker.key").read_text() + self.broker.read_text())
        return bundle

    def _authority(self, name: str) -> Path:
        certificate = self.folder / f"{name}.crt"
        self._openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}",
            "-keyout", self.folder / f"{name}.key", "-out", certificate,
        )  # fmt: skip
        return certificate

    def _signed(self, name: str, common_name: str, authority: Path) -> Path:
        request, certificate = self.folder / f"{name}.csr", self.folder / f"{name}.crt"
        extension = self.folder / f"{name}.ext"
        extension.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self._openssl(
            "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={common_name}",
            "-keyout", self.folder / f"{name}.key", "-out", request,
        )  # fmt: skip
        self._openssl(
            "x509", "-req", "-in", request, "-CA", authority, "-CAkey", authority.with_suffix(".key"),
            "-CAcreateserial", "-days", "30", "-extfile", extension, "-out", certificate,
        )  # fmt: skip
        return certificate

    @staticmethod
    def _openssl(*arguments: object) -> None:
        output_of(["openssl", *map(str, arguments)], _OPENSSL_SECONDS)


class SecuredCluster(KafkaCluster):
    """One broker. The plain listener is the tests' own way in: whoever comes through it may do everything.
    `PASSWORDS` asks for a SASL name, `LOCKED` too and encrypts, `CERTIFICATES` asks for a certificate."""

    def __init__(self, folder: Path):
        self.certificates = Certificates(folder / "certificates")
        super().__init__(
            folder,
            listeners={"PASSWORDS": "SASL_PLAINTEXT", "LOCKED": "SASL_SSL", "CERTIFICATES": "SSL"},
            extra=self._security(),
        )

    def start(self) -> None:
        super().start()
        self.admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        information = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096)
        wanted = [UserScramCredentialUpsertion(USER, information, PASSWORD.encode(), _SALT)]
        for future in self.admin.alter_user_scram_credentials(wanted).values():
            future.result(timeout=_ANSWER_SECONDS)

    def grant(self, bindings: Iterable[AclBinding]) -> None:
        wanted = set(bindings)
        for future in self.admin.create_acls(list(wanted)).values():
            future.result(timeout=_ANSWER_SECONDS)
        # The controller has taken them; the broker, which answers here, hears of them a moment later.
        until(lambda: wanted <= self._granted(), _ANSWER_SECONDS, "the broker knows the rights")

    def _granted(self) -> set[AclBinding]:
        return set(self.admin.describe_acls(_ANY_ACL).result(timeout=_ANSWER_SECONDS))

    def _security(self) -> dict[str, str]:
        names = {USER: PASSWORD, STRANGER: PASSWORD, ADMINISTRATOR: PASSWORD}
        users = " ".join(f'user_{name}="{password}"' for name, password in names.items())
        plain = f"org.apache.kafka.common.security.plain.PlainLoginModule required {users};"
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        settings = {
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:ANONYMOUS;User:{ADMINISTRATOR}",
            "listener.name.certificates.ssl.client.auth": "required",
        }
        for listener in ("passwords", "locked"):
            prefix = f"listener.name.{listener}."
            settings[f"{prefix}sasl.enabled.mechanisms"] = "PLAIN,SCRAM-SHA-256"
            settings[f"{prefix}plain.sasl.jaas.config"] = plain
            settings[f"{prefix}scram-sha-256.sasl.jaas.config"] = scram
        for listener in ("locked", "certificates"):
            prefix = f"listener.name.{listener}.ssl."
            settings[f"{prefix}keystore.type"] = "PEM"
            settings[f"{prefix}keystore.location"] = str(self.certificates.broker_bundle)
            settings[f"{prefix}truststore.type"] = "PEM"
            settings[f"{prefix}truststore.location"] = str(self.certificates.authority)
        return settings


def rights(principal: str, input_topic: str, result_topic: str, group: str) -> dict[str, AclBinding]:
    """What a worker needs, each by the words that the worker has for it."""

    def allow(
        kind: ResourceType, name: str, operation: AclOperation, pattern: ResourcePatternType
    ) -> AclBinding:
        return AclBinding(kind, name, pattern, f"User:{principal}", "*", operation, AclPermissionType.ALLOW)

    literal, prefixed = ResourcePatternType.LITERAL, ResourcePatternType.PREFIXED
    return {
        f"Read on topic {input_topic}": allow(ResourceType.TOPIC, input_topic, AclOperation.READ, literal),
        f"Write on topic {result_topic}": allow(
            ResourceType.TOPIC, result_topic, AclOperation.WRITE, literal
        ),
        f"Read on group {group}": allow(ResourceType.GROUP, group, AclOperation.READ, literal),
        f"Write on transactional id {group}-": allow(
            ResourceType.TRANSACTIONAL_ID, f"{group}-", AclOperation.WRITE, prefixed
        ),
    }


def describing(principal: str, input_topic: str, result_topic: str, group: str) -> list[AclBinding]:
    """The rights to see topics and group, without those to use them."""
    return [
        AclBinding(
            kind, name, ResourcePatternType.LITERAL, f"User:{principal}", "*", AclOperation.DESCRIBE,
            AclPermissionType.ALLOW,
        )
        for kind, name in (
            (ResourceType.TOPIC, input_topic),
            (ResourceType.TOPIC, result_topic),
            (ResourceType.GROUP, group),
        )
    ]  # fmt: skip
