"""The currencies an ad may ask in: ISO 4217 codes, or a symbol as people write it."""

import unicodedata

_CODES = """\
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN
BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD
FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS
KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR
SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH
UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF
XPD XPF XPT XSU XUA YER ZAR ZMW ZWG
"""
ISO_4217 = frozenset(_CODES.split())
PREFIX_LETTERS_MAX = 2
"""Of a symbol with the country in front, as in `US$` or `R$`."""
SYMBOL_PATTERN = "^[A-Z]{0,2}[$¢£¤¥₠-₿]$"
"""The usual symbols; `is_symbol` knows every one that Unicode has."""


def is_symbol(text: str) -> bool:
    """Whether the text is one currency sign, perhaps behind two letters for the country."""
    prefix, sign = text[:-1], text[-1:]
    return (
        bool(sign)
        and unicodedata.category(sign) == "Sc"
        and len(prefix) <= PREFIX_LETTERS_MAX
        and all("A" <= letter <= "Z" for letter in prefix)
    )


def currency(text: str) -> str:
    """The text itself when it names a currency; ValueError otherwise."""
    if text in ISO_4217 or is_symbol(text):
        return text
    raise ValueError("must be an ISO 4217 code such as EUR, or a currency symbol such as €")
