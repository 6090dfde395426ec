"""What people write in an SMS: Chinese and English, short and long. Pure."""

from random import Random

CHINESE = (
    "您好，我已到楼下，请下来取一下。",
    "师傅您好，麻烦放在门口的快递柜里，谢谢！",
    "我大概还有5分钟到，请稍等。",
    "您的车在南门，尾号8A36，双闪开着。",
    "不好意思，堵车了，可能晚到十分钟。",
    "请问房子还在吗？周末方便看房吗？",
    "好的，收到。",
    "麻烦到了给我打个电话，门铃坏了。",
)
ENGLISH = (
    "I am at the north gate.",
    "On my way, 5 minutes.",
    "Please leave it at the front desk, thank you!",
    "Which building is it? I am standing next to the fountain and cannot see the number.",
    "OK",
)
LONG_CHINESE = "您好，东西已经放在小区东门的丰巢柜，取件码是482913，柜子在保安亭右手边第二排。"
LONG_ENGLISH = "The parcel is with the guard at the east gate, second shelf on the right, pick-up code 482913. "


def text(rng: Random) -> str:
    """Return an SMS text: four of five Chinese, one of eight of several parts."""
    chinese = rng.random() < 0.8
    if rng.random() < 0.125:
        return (LONG_CHINESE if chinese else LONG_ENGLISH) * rng.randint(2, 4)
    return rng.choice(CHINESE if chinese else ENGLISH)


def parts(content: str) -> int:
    """Return how many parts the switch says it sent (pushes.md 4.5): its own count, as any far end makes it."""
    single, several = (160, 154) if content.isascii() else (70, 67)
    units = len(content.encode("utf-16-le")) // 2
    return 1 if units <= single else -(-units // several)
