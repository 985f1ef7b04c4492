"""Names of months as feeds write them, in some 25 languages, long and short, folded to lower case without accents.

A name must mean one month in all of them. Croatian is absent for that: its "listopad" is October, while the
Polish and the Czech one is November, and a wrong month is worse than no date.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_NAMES: Final = """
1 january jan januar janner jan. janvier janv jan enero ene gennaio gen janeiro januari styczen stycznia sty
1 leden
1 ledna led januara januar januari tammikuu tammikuuta tammi ocak oca ianuarie ian gener janvaris sausio
1 январь января янв січень січня січ ιανουαριος ιανουαριου ιαν januára január jaanuar
2 february feb februar fevrier fevr fev febrero febbraio fevereiro februari luty lutego lut unor unora uno
2 februara
2 helmikuu helmikuuta helmi subat sub februarie februarje febrer februaris veebruar
2 февраль февраля фев лютий лютого лют φεβρουαριος φεβρουαριου φεβ február februára
3 march mar marz maerz mrz mars marzo marco maart mrt marzec marca brezen brezna bre maaliskuu maaliskuuta
3 maalis
3 mart martie marc marts marec március marcius март марта мар березень березня бер μαρτιος μαρτιου μαρ märts
4 april apr avril avr abril abr aprile kwiecien kwietnia kwi duben dubna dub aprila huhtikuu huhtikuuta huhti
4 nisan nis aprilie aprilis aprill апрель апреля апр квітень квітня квіт кві απριλιος απριλιου απρ aprila
4 aprilis április
5 may mai mayo maggio mag maio mei maj maja kveten kvetna kve toukokuu toukokuuta touko mayis maijs
5 май мая травень травня трав тра μαιος μαιου μαι maj majus május maig
6 june jun juni juin junio giugno giu junho czerwiec czerwca cze cerven cervna cer juna kesakuu kesakuuta kesa
6 haziran haz
6 iunie iun junijs juuni июнь июня июн червень червня черв чер ιουνιος ιουνιου ιουν juna jún június juny
7 july jul juli juillet juil julio luglio lug julho lipiec lipca lip cervenec cervence cvc jula heinakuu
7 heinakuuta heina
7 temmuz tem iulie iul julijs juuli июль июля июл липень липня лип ιουλιος ιουλιου ιουλ júl július juliol
8 august aug aout agosto ago augustus sierpien sierpnia sie srpen srpna srp augusta elokuu elokuuta elo agustos
8 agu
8 augusti augusts август августа авг серпень серпня серп сер αυγουστος αυγουστου αυγ augusztus agost
9 september sep sept septembre septiembre settembre set setembro wrzesien wrzesnia wrz zari zar septembra
9 syyskuu
9 syyskuuta syys eylul eyl septembrie septembris сентябрь сентября сен сент вересень вересня вер σεπτεμβριος
9 σεπτεμβριου σεπ σεπτ szeptember szept setembre
10 october oct oktober okt octobre octubre ottobre ott outubro out pazdziernik pazdziernika paz rijen rijna rij
10 oktobra lokakuu lokakuuta loka ekim eki octombrie oktobris октябрь октября окт жовтень жовтня жовт жов
10 οκτωβριος οκτωβριου οκτ október
11 november nov novembre noviembre novembro listopad listopada lis novembra marraskuu marraskuuta marras kasim
11 kas
11 noiembrie noi novembris ноябрь ноября ноя нояб листопад листопада лист лис νοεμβριος νοεμβριου νοε νοεμ
12 december dec dezember dez decembre diciembre dic dicembre dezembro desember des grudzien grudnia gru prosinec
12 prosince pro decembra joulukuu joulukuuta joulu aralik ara decembrie decembris декабрь декабря дек грудень
12 грудня
12 груд гру δεκεμβριος δεκεμβριου δεκ desembre
"""
_UNDECOMPOSED: Final = str.maketrans({"ł": "l", "ı": "i", "ø": "o"})


def fold(name: str) -> str:
    """Lower case, without accents: "Févr" and "fevr" are one name."""
    lowered = name.casefold().translate(_UNDECOMPOSED)
    if lowered.isascii():
        return lowered
    return "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))


def _table() -> dict[str, int]:
    table: dict[str, int] = {}
    for line in _NAMES.strip().splitlines():
        number, *names = line.split()
        for name in names:
            month = table.setdefault(fold(name), int(number))
            assert month == int(number), f"{name} stands for months {month} and {number}"
    return table


MONTHS: Final = _table()
"""Folded name → 1 to 12."""
