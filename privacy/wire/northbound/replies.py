"""The answers of the northbound API as the OpenAPI file shows them, names and types of northbound.md 2-6."""

from typing import Any

from rest_framework import serializers

TIME = "UTC, yyyy-MM-dd HH:mm:ss"
MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$"
WHOLE = r"^[0-9]+$"
FLAG = ["true", "false"]


class Reply(serializers.Serializer[Any]):
    """Every success."""

    resultcode = serializers.ChoiceField(["0"])
    resultdesc = serializers.CharField(max_length=256)


class Tones(serializers.Serializer[Any]):
    """Waiting tones that were given."""

    callerHintTone = serializers.CharField(required=False)
    calleeHintTone = serializers.CharField(required=False)


class BoundAXB(Reply):
    """3.2."""

    subscriptionId = serializers.CharField(max_length=64)
    relationNum = serializers.CharField(help_text="X.")
    callDirection = serializers.IntegerField(min_value=0, max_value=2)
    duration = serializers.IntegerField(help_text="Seconds; 0: for ever.")
    maxDuration = serializers.IntegerField(help_text="Minutes; 0: no limit.")


class RelationNum(serializers.Serializer[Any]):
    """3.5: one binding."""

    subscriptionId = serializers.CharField(max_length=64)
    callerNum = serializers.CharField(help_text="A.")
    relationNum = serializers.CharField(help_text="X.")
    calleeNum = serializers.CharField(help_text="B.")
    callDirection = serializers.IntegerField(min_value=0, max_value=2)
    duration = serializers.IntegerField(help_text="Seconds; 0: for ever.")
    maxDuration = serializers.IntegerField(help_text="Minutes; 0: no limit.")
    recordFlag = serializers.ChoiceField(FLAG)
    subscribeTime = serializers.RegexField(MOMENT, help_text=f"When it was bound or last modified: {TIME}.")
    privateSms = serializers.ChoiceField(FLAG)
    recordHintTone = serializers.CharField(required=False)
    lastMinVoice = serializers.CharField(required=False)
    preVoice = Tones(required=False)
    userData = serializers.CharField(required=False, max_length=256)


class FoundAXB(Reply):
    """3.5: a page."""

    app_key = serializers.CharField()
    totalCount = serializers.IntegerField(help_text="How many there are on all pages.")
    pageIndex = serializers.IntegerField()
    pageSize = serializers.IntegerField()
    relationNumList = RelationNum(many=True)


class BoundAX(Reply):
    """4.2."""

    origNum = serializers.CharField(help_text="A.")
    privateNum = serializers.CharField(help_text="X.")
    subscriptionId = serializers.CharField(max_length=64)


class PrivateNum(serializers.Serializer[Any]):
    """4.5: one binding."""

    origNum = serializers.CharField(help_text="A.")
    privateNum = serializers.CharField(help_text="X.")
    privateNumType = serializers.ChoiceField(["mobile-virtual"])
    subscribeTime = serializers.RegexField(MOMENT, help_text=f"When it was bound: {TIME}.")
    subscriptionId = serializers.CharField(max_length=64)
    recordFlag = serializers.ChoiceField(FLAG)
    calleeNumDisplay = serializers.ChoiceField(["0", "1"], help_text="0 X, 1 the real caller.")
    privateSms = serializers.ChoiceField(FLAG)
    maxDuration = serializers.IntegerField(help_text="Minutes; 0: no limit.")
    turnFlag = serializers.ChoiceField(["on", "off"])
    callDirection = serializers.IntegerField(min_value=0, max_value=2)
    recordHintTone = serializers.CharField(required=False)
    preVoice = Tones(required=False)
    lastMinVoice = serializers.CharField(required=False)
    userData = serializers.CharField(required=False, max_length=256)


class FoundAX(Reply):
    """4.5."""

    privateNumList = PrivateNum(many=True)


class BoundAXE(Reply):
    """5.2."""

    subscriptionId = serializers.CharField(max_length=64)
    virtualNum = serializers.CharField(help_text="X.")
    extendNum = serializers.RegexField(r"^[0-9]{1,4}$", help_text="The extension; leading zeros count.")


class FoundAXE(BoundAXE):
    """5.5: flat, no list."""

    bindNum = serializers.CharField(help_text="A.")
    displayNumMode = serializers.ChoiceField(["0", "1"], help_text="0 X, 1 the real caller.")
    recordFlag = serializers.ChoiceField(FLAG)
    timeUnit = serializers.ChoiceField(["0", "1"], help_text="Unit of the times: 0 hours, 1 minutes.")
    bindExpiredTime = serializers.IntegerField(help_text="As the bind said it; 0: for ever.")
    callbackExpiredTime = serializers.IntegerField(required=False)
    recordHintTone = serializers.CharField(required=False)
    callbackTone = serializers.CharField(required=False)
    callbackNum = serializers.CharField(required=False)
    userData = serializers.CharField(required=False, max_length=256)


class BoundAXYB(Reply):
    """6.2."""

    subscriptionId = serializers.CharField(max_length=64)
    relationNumber = serializers.CharField(help_text="X; in form 2 Y.")
    userData = serializers.CharField(required=False, max_length=256)


class XYRelationNum(serializers.Serializer[Any]):
    """6.4: a YB, or an AX that has none."""

    bindId = serializers.CharField(max_length=64)
    numA = serializers.CharField()
    numX = serializers.CharField()
    numY = serializers.CharField(required=False)
    numB = serializers.CharField(required=False)
    recordFlag = serializers.ChoiceField(FLAG)
    subscribeTime = serializers.RegexField(MOMENT, help_text=f"When it was bound: {TIME}.")
    callDirection = serializers.IntegerField(min_value=0, max_value=2)
    duration = serializers.RegexField(WHOLE, help_text="Seconds of AX; 0: for ever.")
    ybDuration = serializers.RegexField(WHOLE, help_text="Seconds of YB; 0: as long as AX.")
    recordHintTone = serializers.CharField(required=False)
    preVoiceX = serializers.CharField(required=False)
    preVoiceY = serializers.CharField(required=False)
    userData = serializers.CharField(required=False, max_length=256)


class FoundAXYB(Reply):
    """6.4: one to five."""

    xyRelationNumList = serializers.ListField(child=XYRelationNum(), min_length=1, max_length=5)
