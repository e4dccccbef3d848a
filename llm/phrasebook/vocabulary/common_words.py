"""Common English words that are no mistake for a word of the field: "bills" is not "rises", "mark" is not "market".

Only words that lie near a word of the vocabulary matter here; the rest make the list a little safer.
"""

from __future__ import annotations

COMMON_WORDS = frozenset(
    """
    abnormal aboard abode absent accent accept access account accounts across act acting actor acts add adding
    adds adjust adore advance advanced advice afraid after afternoon afterwards against age aged agree ahead aid
    air alike allow allows almost alone along already alt although alts always am amazing among amount amounts
    ancient angle angles angry announce another answer answers anybody anyhow anymore anyone anyway anywhere apart
    ape aped app appear apply apps area aren aren't arise around arrive art article ask asked asking asks aspect
    assume attempt aunt aunts author avenue average averages averse aware away awful baby back bad bade bag
    bagholder bags baker bank bar bare barely base based bases basic basically basket beach beam bear beat became
    because become becomes bed beds beer began begin begins behave behind being belief believe believes bell
    bellows bells belong belongs beloved below bent beside besides best bet bets better beyond bid bill billion
    bills bind bit bite bits blame blank bleed bless blind block blocks blond blood blow blower blown blows blue
    board boat body bold bolder bone book books boom boot bored boring born borrow boss bother bothers bottom
    bought box boy boys braid brain brave bread breath bride brief bright bring brings brisk broad broken broker
    brood brother brothers brought brown brush buck bucks build builds bulk bull burn burned burnt bus business
    busy buzz cake call called calls calm came camp candid cap car card cards care cared career careful carpet
    cars case cases cash casket cast cat catches cats caught cause causes cautious celebrate cell center centre
    certain certainly chain chains chair chance chances change changes charge charged charity chase chased cheap
    check checks chess child choice choose chooses chose chosen city claim class clean clear clearer clearly
    clever click climate clock clone closely closer closet closing clover club clue clues coat code codes coffee
    cold collapse colony color colour column combine come comes coming comment comments common company compare
    complete computer concern confuse consider constant contact content continue contract control cook cool copied
    copies copy copying core corner correct cost costs could couldn't count country counts course court cousin
    cover covered cow crazy create created credit crew crime crowd crown cry cup cure current custom cut dad daily
    damn dance danger dark data date dates day dead deal dealing deals dear death debt decent decide decided
    decides deck deep deeply degen degree delay deliver demand deny depend depth desk detail details diamond dice
    did die died dies diet differ different dig dim dingle dinner dip direct direction dirt dirty discord discover
    discuss disk distance distant divide dizzy doctor dog dogs dollar done door dot double doubt down downs dozen
    drag draw drawing drawn dread dream dreams dress drew drink drive driven drives driving drove drover drug dull
    dumb dump during dust duty dying eager early earn earned earth ease easier easily east easy eat eating eats
    edge edit effect effort egg eight either else email emails emotion emotions empty end ended ending ends enemy
    energy enjoy enough ensure enters entire equal equally error escape essay etc even evening evenly event events
    ever everybody everyone everything everywhere evil exact exactly exchange excite excited excuse exercise exist
    exists exit expect expected expensive expert explain explains explore express extra eye eyes face faces fact
    factor facts fade fail failed fails fair fairly faith fake fall false fame family famous fan fancy far farm
    fast faster fat fate father fault favor favorite favourite fear feared fears feature fed fee feed feel feeling
    feels fees feet fellow felt few fewer field fifth fight figure file fill filled film final finally finance
    find finds fine finger finish fire fired fires firm first fish fit fits fix fixed fixes flag flags flash flat
    flew flies flight float floor flow flower flowers flows fly focus fold folk folks follow follows fomo food
    fool foot force forced forces foreign forest forever forge forget forgot form formal former forth fortune
    forum forward found four fox frame frames free freedom fresh friday friend friends front frost fruit fud full
    fully fun fund funds funny further future gain gallop gamble game games gang garage garden gas gate gather
    gave gear gene general gentle gets ghost giant gift girl given gives giving glad glass glory goal goals god
    goes gold gone good gorge gotten grab grade grand grant grass grave great greater greatest greatly greed
    greedy grew grey grind grip ground group groups grown growth guess guide guitar gun gut guy guys habit habits
    hair half hall hallo hand handed handle hands handy hang happen happened happens happy hard harder hardly harm
    hat hate hates haven't head heads health hear heard hears heart heat heaven heavily heavy height hell hello
    help helped helps hence here hero hers herself hey hi hide hill hills him himself hint his history hobby hodl
    hold hole holiday hollow home honest honestly honey hook hope hopes horse hospital host hot hotel house houses
    hover how however huge hugh human humble hundred hunt hurry hurt husband ice ideal ideas ignore ill image
    images imagine impact import important impossible improve include including income indeed index inform inner
    input insane insist instead insult intend interest internet invest invite iron island issue issues item items
    itself jade jazz jingle job jobs join joined joke jokes journal journey joy judge juice jump jumpy june junk
    jury keen keep keeps kept key keys kick kid kids kill killed kind kinda kinds king kiss kitchen knew knife
    knock know knowing known knows lack lady laid lake lambo land lane language laptop large largely larger last
    lasts late lately later latest laugh laughs launch law lawyer lay lazy lead leader leaf league leak lean learn
    learned learning learnt least leave leaves leaving lecture led left leg legal legs lesson lessons letter
    letters liar library lie lies life lift light lights likely likes limit limits lined lines link links lion lip
    list listen lists literally live lived lives living load loan local lock logic lonely long longer loop loose
    loosen lord loser losers loss lost lot lots loud love loved lover loves lower luck lucky lunch lung machine
    mad made magic main mainly maker makers making male man manage manager many map march margin mark marked
    market marks marry mask mass massive match matches mate math maths matter matters maybe me meal mean meaning
    means meant meat media medium meet mellow mental mention merge message messed method middle mind minded mine
    mingle minor minus miracle mirror mistake mistakes mix mixed mode model models modern mold moment monday
    mondays money monitor month months mood moon more morning mornings most mostly mother motion motor mount mouse
    mouth movie mower much mud music must myself nail name named names narrow nation native nature neat neck
    needed neighbor neighbour neither nerve nerves nervous nest net network neutral newest news next nicely night
    nights nobody noise noisy none nor north nose note noted notes nothing notice noticed novel nowadays nowhere
    nuke nuts object obvious obviously odd odds offer office often oil okay older oldest ones ongoing online open
    opened opinion option options orange ordinary organ origin other others otherwise ought ours ourselves outer
    outside oven overall overnight owe owned owner owns pace pack page pages paid pain paint paired palace panic
    paper papers parent parents park part parts party pass paste path patience patient pause pay paying pays peace
    peak peer pen pencil people perfect perfectly perhaps period periodic person personal pet phase phone photo
    phrase piano pick picked picks picky picture piece pieces pig pile pillow pilot pin ping pings pink pizza
    place placed places plain plan plane planet plans plate play played player playing please pleasure plenty plot
    plover plower plus pocket poem poet point points poker police polite pool poor popular port portion pose posed
    possible post posts pour power powerful practice practise pray prefer prepare present press pressed pretend
    pretty prevent priced pride prime prince prison private prize probably problem problems process produce profit
    profits program project promise promised proof proper properly protect proud prove prover provide prune public
    pull pump punch purple purpose purse push puts putting quality queen question questions quick quickly quiet
    quietly quit quite quote race radio rage rail rain raise raised raises raising ran random rank ranks rare
    rarely rate rated rates rather ratio raw reach react read reader reads ready real realistic reality really
    reason reasons receive recent recently recipe record rector red reddit reduce refer regard regret regular rekt
    relate related relax relief rely remain remains remark remember remind remote remove rent repair repeat
    replace reply report reports require rescue research respect rest result results retire return reveal revenge
    review reward rewards rich rid ride ridge ring ripe risk risks risky river road robot rock role roll room
    rooms root rope rose rotor rough roughly round route rover row rower royal rub rude rug rugged ruin rush sad
    safe safely safer said sake sale sales salt sand sang sat saturday saturdays save saved saves saw say saying
    says scale scales scared scene school science scold score scores scratch sea seat second seconds secret
    section sector secure seed seek seem seemed seems seen sees select self sell seller sellers send sends senior
    sense sent separate series serious seriously serve served serves set sets setting settle seven several severe
    shade shadow shake shall shallow shame shape share shared shares sharp she sheet shelf shell shift shine ship
    shirt shoe shoes shoot shop shopping shore short shot should shoulder shouldn't shout showed shower showing
    shown shows shut shy sick sides sigh sight sign signs silence silent silly silver similar simple simply since
    sing singer single sink sir sister sisters sit site size sized skill skills skin skip sky sleep sleeps slept
    slice slight slightly slim slot slow slowed slower slowly small smaller smart smell smile smoke smoking smooth
    snake snap snoop snow social sock soft sold soldier solid solve some somebody someday somehow someone
    something sometime sometimes somewhat somewhere son song songs soon sorry sort sorts soul sound sounds soup
    source south space spare speak special speed spell spend spending spent spike spin spirit split spoke spoken
    sport spot spots spread spring square stage stake stakes stall stand standard stands star stare stared stars
    start started starting starts stash state stated station stats status stay stayed staying stays steady steal
    steel stem step steps stick sticks still stock stocks stolen stone stood stoop stopped storage store storm
    storms story straight strange stranger stream street strength stress stretch strict strike string strip stroke
    strong strongly struck structure stuck student study stuff stupid style subject succeed success successful
    such sudden suddenly suffer sugar suggest suit summer sun sunday sundays super supply support suppose sure
    surely surface surprise surprised swallow swap swaps swear sweet swell swim switch swoop sword system table
    tail taker tales talk talked talking talks tall tank tape target task tasks taste tax tea teach teacher team
    tear tech teeth telegram telling tells temper ten tend tennis tense term terms terrible test tested testing
    tests text thank thanks thanksgiving theme then theory thigh thing things think thinking thinks thirty
    thoroughly those though thought thoughts thousand thread three throat throw thrown thursday thus tick ticket
    tidy tie tied ties tight tighter till timed times timing tingle tiny tip tips tired title today toe together
    told tomorrow tone tongue tonight took tool tools tooth top tops total touch tough tour toward towards tower
    town track tracks trader traders train training trap travel tread treat treated tree trees trend trick tricky
    tried tries trigger trip troop trouble truck true truly trust truth try trying tube tuesday tune turtle
    twitter two type typical ugly ultimate uncle under understand union unique unit universe unless unlike until
    upon upper upset upside urge useful user uses usual usually vague valid valium valley valuable varied various
    vary vast vector version versus via victim victor video view village virgin virus visit visual vital voice
    void vote wade wage wait waited waiting waits wake walk walks wall wallet wander wanted wanting wants war warm
    warn warned warning wash wasn't waste wasted watch watched watches watching water wave waves way ways weak
    weaker wealth weapon wear weather web wednesday week weekend weekends weekly weight weird welcome well went
    were west wet whale whales what whatever wheel whenever whereas wherever whether which while whip whips
    whisper white whole wide wider wife wild willing willow win wind window wine wing winner winning wins winter
    wire wired wise wish wishes woke woman women won won't wonder wood word words wore work worked worker working
    works world worried worry worse worst worth wouldn't wow write writer writes writing written wrong wrote yard
    yeah year yearly years yellow yes yet yield young younger your yours yourself youth youtube zone
    """.split()
)
