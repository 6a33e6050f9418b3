"""Hints that name a command or setting of the engine: each adapter renders them in its engine's words."""

from enum import StrEnum


class Hint(StrEnum):
    """What to do next, as a code; its value is the text where no engine is known.

    A text names a setting as "the setting `orgId`", also in a message. An adapter adds the variable of the setting.
    """

    CHECK_ACCOUNT = "Nothing was changed. Check the setting `projectId`, the setting `orgId` and the setting `baseUrl`."
    CHECK_ACCESS = (
        "Check that the key belongs to the organization in the setting `orgId` and to the project in the setting "
        "`projectId`."
    )
    CHECK_API_KEY = "Check the setting `apiKey`: the key is missing, mistyped, expired or revoked."
    CHECK_BASE_URL = (
        "Check the setting `baseUrl`: something other than the NeevAI API may be answering. "
        "If it is right, report a bug."
    )
    CHECK_BILLING = (
        "Nothing was done. Check the billing of the organization in the setting `orgId`: credit or a payment method is "
        "missing, or a bill is open. Then run the same command again."
    )
    CHECK_CERTIFICATE = (
        "Nothing was sent. If the certificate is your organization's own, name its authority in the setting `caBundle`."
    )
    CHECK_NETWORK = "Nothing was sent. Check the network and the setting `baseUrl`, then run the same command again."
    CHECK_SOURCE = (
        "Nothing was created. Check the ids and names in the program: the template, snapshot or sandbox to create it "
        "from, and the setting `projectId`."
    )
    CONFIGURE = "Set it in the configuration or in the environment."
    CORRECT_INPUT = "Correct it in the program; where only the state has it so, import the resource anew."
    DELETE_FIRST = "That is the resource itself, which is being replaced: delete it before its replacement is created."
    FORGET = "The next destroy runs `delete` again: check first. Or remove the resource from the state."
    IMAGE_NAME_TAKEN = (
        "They may belong to somebody else, so they are left alone. Choose another name, or recover what an interrupted "
        "create left. An object that nobody uses can be deleted, or imported by the image's name once its snapshot is "
        "ready. If the image itself is replaced, delete it before its replacement is created."
    )
    LOWER_PARALLELISM = "Nothing was done. Try again later, or with fewer operations at a time."
    NAME_TAKEN = "Choose another name, or delete what has it."
    OWNER_UNKNOWN = (
        "Its owner is unknown. If the program created it under another name, declare that name as an alias. If the "
        "resource itself is replaced, delete it before its replacement is created. Otherwise import it, delete it, or "
        "choose other inputs."
    )
    POOL_NAME_TAKEN = (
        "They may belong to somebody else, so they are left alone. Choose another name, or recover what an interrupted "
        "create left. Otherwise import the pool by its name, or delete them. If the pool itself is replaced, delete it "
        "before its replacement is created."
    )
    RAISE_TIMEOUT = "It may still finish: run the same command again, or raise the timeout."
    RAISE_TIMEOUT_NOT_SENT = "Nothing was created: run the same command again, or raise the timeout."
    RECREATE = "Refresh the state and apply the program again."
    REFRESH = "It may have been deleted elsewhere: refresh the state."
    UNFINISHED_CREATE = "It exists, and the next update continues with it."
