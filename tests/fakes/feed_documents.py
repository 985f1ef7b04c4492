"""Feeds of our own making, one for each habit of publishers that a reader must know. All hosts are reserved names."""

# ruff: noqa: E501  # the lines are those of the documents

from __future__ import annotations

from typing import NamedTuple

URL = "https://paper.example/blog/feed.xml"


class FeedDocument(NamedTuple):
    name: str
    body: bytes
    content_type: str | None = None
    url: str = URL


RSS_2 = """<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet href="/feed.xsl" type="text/xsl"?>
<!-- made by hand -->
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"
 xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:wfw="http://wellformedweb.org/CommentAPI/">
<channel>
<title>Harbour &amp; Sea</title><link>https://paper.example/</link><description>News of the harbour</description>
<atom:link href="https://paper.example/blog/feed.xml" rel="self" type="application/rss+xml"/>
<language>en-GB</language><ttl>30</ttl><sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>
<skipHours><hour>2</hour><hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays>
<image><url>https://paper.example/logo.png</url><title>Logo</title><link>https://paper.example/</link></image>
<lastBuildDate>Mon, 06 May 2024 08:00:00 GMT</lastBuildDate><generator>hand</generator>
<item><title>Ferries &amp;amp; fog</title><link>https://paper.example/1?utm_source=rss&amp;id=7</link>
<guid isPermaLink="false">paper-1</guid><pubDate>Mon, 06 May 2024 07:00:00 GMT</pubDate><dc:creator>A. Writer</dc:creator>
<category>Sea</category><category domain="x">Fog &amp; ice</category><slash:comments>3</slash:comments>
<wfw:commentRss>https://paper.example/1/feed</wfw:commentRss><comments>https://paper.example/1#comments</comments>
<description>Boats stay in port. &lt;a href="/more"&gt;More&lt;/a&gt;</description>
<content:encoded><![CDATA[<p>Boats <em>stay</em> in port.</p><img src="/fog.jpg" width="640" alt="Fog"><script>x()</script>]]></content:encoded>
</item>
<item><title><![CDATA[Prices < 3 pounds]]></title><link>
   https://paper.example/2  </link><guid>https://paper.example/2</guid><pubDate>Sun, 05 May 2024 07:00:00 EDT</pubDate>
<author>desk@paper.example (The desk)</author><description>Plain &amp; short</description>
<enclosure url="https://paper.example/2.mp3" length="1234" type="audio/mpeg"/>
<source url="https://other.example/feed"><![CDATA[Other]]></source></item>
<item><description>An item without a title</description><guid isPermaLink="false">paper-3</guid></item>
</channel></rss>
"""

ATOM_1 = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en" xml:base="https://hills.example/diary/">
<title type="html">Hills &amp;amp; dales</title><id>urn:hills</id><updated>2024-05-06T07:00:00Z</updated>
<link rel="self" href="atom.xml"/><link rel="alternate" type="text/html" href="./"/><link rel="hub" href="https://hub.example/"/>
<author><name>Walker</name><email>w@hills.example</email><uri>https://hills.example/w</uri></author>
<entry xml:base="2024/"><title type="text">Use &lt;b&gt; with care</title><id>urn:hills:1</id>
<link href="one.html"/><link rel="enclosure" href="/a.ogg" type="audio/ogg" length="99"/><link rel="replies" href="r"/>
<published>2024-05-05T12:00:00+02:00</published><updated>2024-05-06T07:00:00.25Z</updated>
<category term="hills" label="The hills"/><category term="rain"/><summary>A walk.</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Up &amp; down<br/>and <a href="map.html">back</a></p></div></content>
</entry>
<entry xml:lang="de"><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Berg <em>und</em> Tal</div></title>
<id>urn:hills:2</id><link rel="alternate" type="text/html" href="two.html"/><updated>2024-05-04T10:00:00Z</updated>
<author><name>Wanderer</name></author><content type="html">&lt;p&gt;Ein &lt;b&gt;Weg&lt;/b&gt; &amp;amp; zurück&lt;/p&gt;</content>
<source><id>urn:other</id><title>Other</title><link href="https://other.example/"/></source></entry>
<entry><title>No summary</title><id>/relative/id</id><updated>2024-05-03T10:00:00Z</updated>
<content type="text">5 &lt; 6 and plain</content></entry>
</feed>
"""

ATOM_03 = """<?xml version="1.0" encoding="utf-8"?>
<feed version="0.3" xmlns="http://purl.org/atom/ns#" xmlns:dc="http://purl.org/dc/elements/1.1/" xml:lang="en">
<title>Old diary</title><tagline>Since 2003</tagline><link rel="alternate" type="text/html" href="https://old.example/"/>
<modified>2004-01-02T03:04:05Z</modified>
<entry><title mode="escaped" type="text/html">Snow &amp;#8211; again</title><id>tag:old.example,2004:1</id>
<link rel="alternate" type="text/html" href="https://old.example/1"/><issued>2004-01-02T03:04:05+01:00</issued>
<modified>2004-01-03T03:04:05Z</modified><created>2004-01-01T03:04:05Z</created><dc:subject>Winter</dc:subject>
<author><name>Old hand</name></author><summary type="text/plain">It snowed.</summary>
<content type="text/html" mode="escaped">&lt;p&gt;It &lt;i&gt;snowed&lt;/i&gt;.&lt;/p&gt;</content></entry>
</feed>
"""

RSS_1 = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">
<channel rdf:about="https://rdf.example/"><title>Graphs</title><link>https://rdf.example/</link><description>d</description>
<dc:language>fr</dc:language><items><rdf:Seq><rdf:li rdf:resource="https://rdf.example/1"/></rdf:Seq></items></channel>
<image rdf:about="https://rdf.example/i.png"><title>Image</title><url>https://rdf.example/i.png</url><link>https://rdf.example/</link></image>
<item rdf:about="https://rdf.example/1"><title>Premier &#233;t&#233;</title><link>https://proxy.example/1</link>
<feedburner:origLink>https://rdf.example/1</feedburner:origLink><dc:date>2005-11-20T00:43:00+00:00</dc:date>
<dc:creator>Auteur</dc:creator><dc:subject>Graphes</dc:subject><description>Bonjour</description></item>
<item rdf:about="https://rdf.example/2"><title>Second</title><link>https://rdf.example/2</link><dc:date>2005-11-19</dc:date></item>
<textinput rdf:about="https://rdf.example/s"><title>Search</title><description>Find</description><name>q</name><link>https://rdf.example/s</link></textinput>
</rdf:RDF>
"""

RSS_090 = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/">
<channel><title>Ticker</title><link>https://ticker.example/</link><description>t</description></channel>
<item><title>Eins &amp; zwei</title><link>https://ticker.example/1</link></item>
<item><title>Drei</title><link>https://ticker.example/3</link></item>
</rdf:RDF>
"""

PODCAST = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:psc="http://podlove.org/simple-chapters" xmlns:googleplay="http://www.google.com/schemas/play-podcasts/1.0">
<channel><title>Two voices</title><link>https://cast.example</link><description>Talk</description><language>de</language>
<itunes:author>The two</itunes:author><itunes:owner><itunes:name>One</itunes:name><itunes:email>one@cast.example</itunes:email></itunes:owner>
<itunes:category text="Society"><itunes:category text="History"/></itunes:category><itunes:image href="https://cast.example/c.jpg"/>
<item><title>Folge 1</title><itunes:title>1</itunes:title><guid isPermaLink="false">5e0c</guid><pubDate>Thu, 15 Oct 2020 15:27:00 GMT</pubDate>
<itunes:author>Gast</itunes:author><itunes:summary>Kurz &amp; gut</itunes:summary><itunes:duration>1:02:03</itunes:duration>
<itunes:keywords>salz, meer</itunes:keywords><itunes:image href="https://cast.example/1.jpg"/><itunes:explicit>no</itunes:explicit>
<enclosure url="https://cast.example/1.mp3" length="7654321" type="audio/mpeg"/>
<psc:chapters version="1.2"><psc:chapter start="0" title="Anfang"/><psc:chapter start="60" title="Ende"/></psc:chapters></item>
<item><title>Folge 2</title><guid>https://cast.example/2.mp3</guid><pubDate>Thu, 08 Oct 2020 15:27:00 +0200</pubDate>
<media:group><media:content url="https://cast.example/2.jpg" medium="image" type="image/jpeg" width="600"/>
<media:content url="https://cast.example/2.mp4" type="video/mp4" fileSize="5"/></media:group>
<media:thumbnail url="https://cast.example/2s.jpg"/><media:keywords>wind</media:keywords><media:credit>X</media:credit>
<description>Text</description></item>
</channel></rss>
"""

VIDEO = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom">
<link rel="self" href="https://video.example/feed"/><id>yt:channel:x</id><yt:channelId>x</yt:channelId><title>Films</title>
<link rel="alternate" href="https://video.example/x"/><author><name>Films</name><uri>https://video.example/x</uri></author>
<entry><id>yt:video:1</id><yt:videoId>1</yt:videoId><title>Storm</title><link rel="alternate" href="https://video.example/1"/>
<author><name>Films</name></author><published>2015-05-04T00:01:27+00:00</published><updated>2015-05-05T00:01:27+00:00</updated>
<media:group><media:title>Storm, long title</media:title><media:content url="https://video.example/v/1" type="application/x-shockwave-flash"/>
<media:thumbnail url="https://video.example/1.jpg" width="480" height="360"/><media:description>How it blew.
Second line.</media:description><media:community><media:starRating count="1"/></media:community></media:group></entry>
</feed>
"""

PREFIXED = """<?xml version="1.0"?>
<a:feed xmlns:a="http://www.w3.org/2005/Atom" xmlns:x="http://purl.org/dc/elements/1.1/">
<a:title>Prefixed</a:title><a:id>urn:p</a:id><a:updated>2024-01-01T00:00:00Z</a:updated>
<a:entry><a:title>One</a:title><a:id>urn:p:1</a:id><a:link href="https://p.example/1"/><x:creator>Someone</x:creator>
<a:updated>2024-01-01T00:00:00Z</a:updated><a:summary type="html">&lt;b&gt;S&lt;/b&gt;</a:summary></a:entry></a:feed>
"""

MIXED = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:a10="http://www.w3.org/2005/Atom"><channel xml:base="https://mixed.example/base/">
<title>Mixed</title><link>https://mixed.example/</link><description>m</description><a10:id>urn:m</a10:id>
<item><guid isPermaLink="false">m1</guid><link>rel/1</link><title>Relative</title><description>&lt;img src="i.png"&gt;</description>
<a10:author><a10:name>Ten</a10:name></a10:author><a10:updated>2024-02-03T04:05:06Z</a10:updated>
<a10:link rel="related" href="https://mixed.example/other"/></item>
<item><title>Copyright&#146;s sign</title><link>//cdn.example/2</link><image>https://mixed.example/p.jpg</image>
<pubDate>Pn, 03 paź 2011 20:09:00 +0200</pubDate><summary>S &amp;amp; T</summary></item>
</channel></rss>
"""

SCRIPTS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Погода и море</title><link>https://cyr.example/</link><description>о погоде</description>
<item><title>Шторм «сегодня»</title><link>https://cyr.example/шторм</link><description>&lt;p&gt;Ветер до 25 м/с&lt;/p&gt;</description>
<pubDate>Пн, 06 май 2024 10:00:00 +0300</pubDate></item>
<item><title>مرحبا</title><link>https://cyr.example/2</link><description>العربية</description></item>
<item><title>天気予報</title><link>https://cyr.example/3</link><description>雨のち晴れ 🌧</description></item>
</channel></rss>
"""

BROKEN = """
  <?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Broken & mended</title><link>https://broken.example/?a=1&b=2</link><description>d</description>
<item><title>R&D &mdash; caf&eacute;</title><link>https://broken.example/1?x=1&y=2</link><content:encoded><![CDATA[<p>Full</p>]]></content:encoded>
<description>a\x08b &nbsp; c</description></item>
<item><title>Unclosed<link>https://broken.example/2</link><media:content url="https://broken.example/2.jpg" medium="image"></item>
<item><title>Bad <b>nesting</i></title><link>https://broken.example/3</link></item>
<item><title>Cut off</title><link>https://broken.example/4</link><description><![CDATA[half a sen"""

JSON_1 = """{"version": "https://jsonfeed.org/version/1", "title": "Links", "home_page_url": "https://links.example/",
"feed_url": "https://links.example/feed.json", "author": {"name": "Linker"}, "items": [
{"id": 7, "url": "https://links.example/7", "external_url": "https://other.example/", "title": "Seven & more",
 "content_html": "<p>Seven <script>x</script></p>", "date_published": "2018-01-06T08:00", "tags": ["a", "b"],
 "attachments": [{"url": "https://links.example/7.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 5}]},
{"id": "eight", "content_text": "Only text \\ud83d", "image": "/8.png", "author": {"name": "Eight"}}]}"""

WELL_FORMED = (RSS_2, ATOM_1, ATOM_03, RSS_1, RSS_090, PODCAST, VIDEO, PREFIXED, MIXED, SCRIPTS)
NAMES = ("rss2", "atom1", "atom03", "rss1", "rss090", "podcast", "video", "prefixed", "mixed", "scripts")

CORPUS = (
    *(FeedDocument(name, text.encode()) for name, text in zip(NAMES, WELL_FORMED, strict=True)),
    FeedDocument("broken", BROKEN.encode()),
    FeedDocument("json", JSON_1.encode(), "application/feed+json"),
    FeedDocument("utf-16", RSS_2.replace("UTF-8", "UTF-16").encode("utf-16")),
    FeedDocument("cyrillic", SCRIPTS.replace("UTF-8", "windows-1251").encode("cp1251", "xmlcharrefreplace")),
    FeedDocument("header only", RSS_090.replace("Drei", "Übung").encode("latin-1"), "text/xml; charset=iso-8859-1"),
)
